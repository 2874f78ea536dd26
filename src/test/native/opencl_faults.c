/*
 * A layer between the OpenCL loader and the drivers (cl_layer.h, OPENCL_LAYERS) that makes chosen calls fail, lies about
 * devices on request, and counts the objects that are alive. What it does is said through the functions faults_*, which
 * a process calls after opening this library once more. Calls are expected from one thread at a time.
 */
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#include <CL/cl_layer.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default")))

#define REPLACED(X) \
  X(clGetDeviceIDs) X(clGetDeviceInfo) X(clCreateContext) X(clCreateCommandQueue) X(clCreateBuffer) \
  X(clCreateProgramWithSource) X(clBuildProgram) X(clCreateKernel) X(clSetKernelArg) X(clEnqueueNDRangeKernel) \
  X(clEnqueueWriteBuffer) X(clEnqueueReadBuffer) X(clEnqueueCopyBuffer) X(clEnqueueMarkerWithWaitList) X(clFlush) \
  X(clFinish) X(clGetEventInfo) X(clReleaseContext) X(clReleaseCommandQueue) X(clReleaseMemObject) \
  X(clReleaseProgram) X(clReleaseKernel) X(clReleaseEvent)
/* clEventStatus is no call: it is seen whenever clGetEventInfo tells of an event that it is complete. */
#define CALLS(X) REPLACED(X) X(clEventStatus)

#define AS_NUMBER(name) CALL_##name,
#define AS_TEXT(name) #name,

enum call { CALLS(AS_NUMBER) CALL_COUNT };
enum kind { CONTEXTS, QUEUES, BUFFERS, PROGRAMS, KERNELS, EVENTS, KIND_COUNT };

static const char *const names[] = {CALLS(AS_TEXT)};
static cl_icd_dispatch below;
static cl_icd_dispatch above;

static struct {
  long seen;
  long failing; /* which one of them fails; 0: none */
  cl_int code;
  int lasting;
} calls[CALL_COUNT];

static long alive[KIND_COUNT];
static cl_int lost; /* what every call says that needs the device; CL_SUCCESS: there is one */
static int build_failed;

static const char build_log[] =
    "program.cl:3:7: warning: unused variable 'a'\n"
    "program.cl:7:9: error: use of undeclared identifier 'first'\n"
    "program.cl:9:1: error: use of undeclared identifier 'second'\n";

#define LIES 8
static struct {
  cl_device_info about;
  cl_ulong value;
} lies[LIES];
static int lie_count;

/* How a process says what should happen. */

static int find(const char *name) {
  for (int i = 0; i < CALL_COUNT; i++)
    if (strcmp(names[i], name) == 0)
      return i;
  return -1;
}

/* Everything works again, and calls are counted from 0; what is alive stays known. */
EXPORTED void faults_clear(void) {
  memset(calls, 0, sizeof calls);
  lost = CL_SUCCESS;
  build_failed = 0;
  lie_count = 0;
}

/* The call of this name that comes nth from now, 1 being the next, fails; if lasting, the device is lost with it. */
EXPORTED int faults_fail(const char *name, long nth, int code, int lasting) {
  int call = find(name);
  if (call < 0)
    return 0;
  calls[call].failing = calls[call].seen + nth;
  calls[call].code = code;
  calls[call].lasting = lasting;
  return 1;
}

/* Devices say this value, cut to the size they should tell it in. */
EXPORTED int faults_lie(int about, long value) {
  if (lie_count == LIES)
    return 0;
  lies[lie_count].about = (cl_device_info)about;
  lies[lie_count++].value = (cl_ulong)value;
  return 1;
}

/* How often a call was seen since faults_clear; -1 if it is not known. */
EXPORTED long faults_seen(const char *name) {
  int call = find(name);
  return call < 0 ? -1 : calls[call].seen;
}

/* Objects made and not released, by kind; -1 beyond the last. */
EXPORTED long faults_alive(int kind) {
  return kind < 0 || kind >= KIND_COUNT ? -1 : alive[kind];
}

/* What a call is told to answer in place of what it would. */
static cl_int fault(enum call call) {
  calls[call].seen++;
  if (calls[call].seen == calls[call].failing) {
    if (calls[call].lasting)
      lost = calls[call].code;
    return calls[call].code;
  }
  return lost;
}

/* The calls. */

#define STATUS_CALL(name, parameters, arguments) \
  static cl_int CL_API_CALL my_##name parameters { \
    cl_int code = fault(CALL_##name); \
    return code == CL_SUCCESS ? below.name arguments : code; \
  }

#define CREATING_CALL(type, name, kind, parameters, arguments) \
  static type CL_API_CALL my_##name parameters { \
    cl_int code = fault(CALL_##name); \
    type made = code == CL_SUCCESS ? below.name arguments : NULL; \
    if (code != CL_SUCCESS && status) \
      *status = code; \
    alive[kind] += made != NULL; \
    return made; \
  }

/* A driver that complains about a release has let go all the same: nobody could release a second time. */
#define RELEASING_CALL(type, name, kind) \
  static cl_int CL_API_CALL my_##name(type object) { \
    cl_int code = fault(CALL_##name); \
    cl_int released = below.name(object); \
    alive[kind] -= released == CL_SUCCESS; \
    return code == CL_SUCCESS ? released : code; \
  }

/* Commands may be asked for an event. */
#define ENQUEUEING_CALL(name, parameters, arguments) \
  static cl_int CL_API_CALL my_##name parameters { \
    cl_int code = fault(CALL_##name); \
    if (code == CL_SUCCESS) \
      code = below.name arguments; \
    alive[EVENTS] += code == CL_SUCCESS && event; \
    return code; \
  }

typedef void(CL_CALLBACK *notify_context)(const char *, const void *, size_t, void *);
typedef void(CL_CALLBACK *notify_build)(cl_program, void *);

STATUS_CALL(clGetDeviceIDs,
            (cl_platform_id platform, cl_device_type type, cl_uint entries, cl_device_id *devices, cl_uint *count),
            (platform, type, entries, devices, count))
CREATING_CALL(cl_context, clCreateContext, CONTEXTS,
              (const cl_context_properties *properties, cl_uint count, const cl_device_id *devices,
               notify_context notify, void *data, cl_int *status),
              (properties, count, devices, notify, data, status))
CREATING_CALL(cl_command_queue, clCreateCommandQueue, QUEUES,
              (cl_context context, cl_device_id device, cl_command_queue_properties properties, cl_int *status),
              (context, device, properties, status))
CREATING_CALL(cl_mem, clCreateBuffer, BUFFERS,
              (cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *status),
              (context, flags, size, host, status))
CREATING_CALL(cl_program, clCreateProgramWithSource, PROGRAMS,
              (cl_context context, cl_uint count, const char **texts, const size_t *lengths, cl_int *status),
              (context, count, texts, lengths, status))
CREATING_CALL(cl_kernel, clCreateKernel, KERNELS, (cl_program program, const char *name, cl_int *status),
              (program, name, status))
STATUS_CALL(clSetKernelArg, (cl_kernel kernel, cl_uint index, size_t size, const void *value),
            (kernel, index, size, value))
ENQUEUEING_CALL(clEnqueueNDRangeKernel,
                (cl_command_queue queue, cl_kernel kernel, cl_uint axes, const size_t *offset, const size_t *global,
                 const size_t *local, cl_uint waits, const cl_event *wait, cl_event *event),
                (queue, kernel, axes, offset, global, local, waits, wait, event))
ENQUEUEING_CALL(clEnqueueWriteBuffer,
                (cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset, size_t size, const void *data,
                 cl_uint waits, const cl_event *wait, cl_event *event),
                (queue, memory, blocking, offset, size, data, waits, wait, event))
ENQUEUEING_CALL(clEnqueueReadBuffer,
                (cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset, size_t size, void *data,
                 cl_uint waits, const cl_event *wait, cl_event *event),
                (queue, memory, blocking, offset, size, data, waits, wait, event))
ENQUEUEING_CALL(clEnqueueCopyBuffer,
                (cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset, size_t to_offset, size_t size,
                 cl_uint waits, const cl_event *wait, cl_event *event),
                (queue, from, to, from_offset, to_offset, size, waits, wait, event))
ENQUEUEING_CALL(clEnqueueMarkerWithWaitList,
                (cl_command_queue queue, cl_uint waits, const cl_event *wait, cl_event *event),
                (queue, waits, wait, event))
STATUS_CALL(clFlush, (cl_command_queue queue), (queue))
STATUS_CALL(clFinish, (cl_command_queue queue), (queue))
RELEASING_CALL(cl_context, clReleaseContext, CONTEXTS)
RELEASING_CALL(cl_command_queue, clReleaseCommandQueue, QUEUES)
RELEASING_CALL(cl_mem, clReleaseMemObject, BUFFERS)
RELEASING_CALL(cl_program, clReleaseProgram, PROGRAMS)
RELEASING_CALL(cl_kernel, clReleaseKernel, KERNELS)
RELEASING_CALL(cl_event, clReleaseEvent, EVENTS)

static cl_int CL_API_CALL my_clGetDeviceInfo(cl_device_id device, cl_device_info about, size_t size, void *value,
                                             size_t *needed) {
  size_t written = 0;
  cl_int code = fault(CALL_clGetDeviceInfo);
  if (code == CL_SUCCESS)
    code = below.clGetDeviceInfo(device, about, size, value, &written);
  if (code != CL_SUCCESS)
    return code;
  if (needed)
    *needed = written;
  for (int i = 0; value && i < lie_count; i++)
    if (lies[i].about == about)
      memcpy(value, &lies[i].value, written < sizeof(cl_ulong) ? written : sizeof(cl_ulong));
  return CL_SUCCESS;
}

static cl_int CL_API_CALL my_clBuildProgram(cl_program program, cl_uint count, const cl_device_id *devices,
                                            const char *options, notify_build notify, void *data) {
  cl_int code = fault(CALL_clBuildProgram);
  build_failed = code != CL_SUCCESS;
  return build_failed ? code : below.clBuildProgram(program, count, devices, options, notify, data);
}

static cl_int CL_API_CALL my_clGetProgramBuildInfo(cl_program program, cl_device_id device, cl_program_build_info about,
                                                   size_t size, void *value, size_t *needed) {
  if (!build_failed || about != CL_PROGRAM_BUILD_LOG)
    return below.clGetProgramBuildInfo(program, device, about, size, value, needed);
  if (value && size < sizeof build_log)
    return CL_INVALID_VALUE;
  if (value)
    memcpy(value, build_log, sizeof build_log);
  if (needed)
    *needed = sizeof build_log;
  return CL_SUCCESS;
}

static cl_int CL_API_CALL my_clGetEventInfo(cl_event event, cl_event_info about, size_t size, void *value,
                                            size_t *needed) {
  cl_int code = fault(CALL_clGetEventInfo);
  if (code == CL_SUCCESS)
    code = below.clGetEventInfo(event, about, size, value, needed);
  if (code == CL_SUCCESS && about == CL_EVENT_COMMAND_EXECUTION_STATUS && value && *(cl_int *)value == CL_COMPLETE)
    *(cl_int *)value = fault(CALL_clEventStatus);
  return code;
}

/* What the loader asks for. */

EXPORTED cl_int CL_API_CALL clGetLayerInfo(cl_layer_info about, size_t size, void *value, size_t *needed) {
  if (about != CL_LAYER_API_VERSION || (value && size < sizeof(cl_layer_api_version)))
    return CL_INVALID_VALUE;
  if (value)
    *(cl_layer_api_version *)value = CL_LAYER_API_VERSION_100;
  if (needed)
    *needed = sizeof(cl_layer_api_version);
  return CL_SUCCESS;
}

#define REPLACE(name) above.name = my_##name;

EXPORTED cl_int CL_API_CALL clInitLayer(cl_uint entries, const cl_icd_dispatch *target, cl_uint *count,
                                        const cl_icd_dispatch **layer) {
  cl_uint known = sizeof below / sizeof(void *);
  memcpy(&below, target, (entries < known ? entries : known) * sizeof(void *));
  above = below;
  REPLACED(REPLACE)
  REPLACE(clGetProgramBuildInfo)
  *count = entries < known ? entries : known;
  *layer = &above;
  return CL_SUCCESS;
}
