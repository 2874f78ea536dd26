/* The run-time compiler: g++ on sources that it makes of kernels. */
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "../core/call.h"
#include "../core/handles.h"
#include "compiler.h"
#include "kernel_table.h"

using stub::Call;

typedef int nvrtcResult;
typedef void *nvrtcProgram;

enum {
  NVRTC_SUCCESS = 0,
  NVRTC_ERROR_INVALID_INPUT = 3,
  NVRTC_ERROR_INVALID_PROGRAM = 4,
  NVRTC_ERROR_INVALID_OPTION = 5,
  NVRTC_ERROR_COMPILATION = 6,
};

static const int architectures[] = {75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121};
static const int ARCHITECTURES = sizeof architectures / sizeof architectures[0];

struct Program {
  std::string name;
  std::string source;
  std::string log;
  std::string cubin;
  bool compiled = false;
};

static stub::Handles<Program> programs(stub::Kind::PROGRAM);

static std::shared_ptr<Program> find(const Call &call, nvrtcProgram handle) {
  std::shared_ptr<Program> program = programs.find(handle);
  if (!program) {
    call.wrong(NVRTC_ERROR_INVALID_PROGRAM, "there is no program " + stub::text_of(handle));
  }
  return program;
}

EXPORTED nvrtcResult nvrtcVersion(int *major, int *minor) {
  Call call("nvrtcVersion");
  long version = stub::setting("nvrtcVersion");
  *major = static_cast<int>(version / 1000);
  *minor = static_cast<int>(version % 1000 / 10);
  return call.told();
}

EXPORTED const char *nvrtcGetErrorString(nvrtcResult result) {
  Call call("nvrtcGetErrorString");
  static const char *const names[] = {
      "NVRTC_SUCCESS",
      "NVRTC_ERROR_OUT_OF_MEMORY",
      "NVRTC_ERROR_PROGRAM_CREATION_FAILURE",
      "NVRTC_ERROR_INVALID_INPUT",
      "NVRTC_ERROR_INVALID_PROGRAM",
      "NVRTC_ERROR_INVALID_OPTION",
      "NVRTC_ERROR_COMPILATION",
      "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE",
  };
  bool known = result >= 0 && result < static_cast<int>(sizeof names / sizeof names[0]);
  return known ? names[result] : "NVRTC_ERROR unknown";
}

EXPORTED nvrtcResult nvrtcGetNumSupportedArchs(int *count) {
  Call call("nvrtcGetNumSupportedArchs");
  *count = ARCHITECTURES;
  return call.told();
}

EXPORTED nvrtcResult nvrtcGetSupportedArchs(int *into) {
  Call call("nvrtcGetSupportedArchs");
  memcpy(into, architectures, sizeof architectures);
  return call.told();
}

EXPORTED nvrtcResult nvrtcCreateProgram(nvrtcProgram *program, const char *source, const char *name, int headers,
                                        const char *const *, const char *const *) {
  Call call("nvrtcCreateProgram");
  if (call.told()) {
    return call.told();
  }
  if (!source || headers) {
    return call.wrong(NVRTC_ERROR_INVALID_INPUT, source ? "stubs take no headers" : "there is no source");
  }
  auto made = std::make_shared<Program>();
  made->name = name && *name ? name : "default_program";
  made->source = source;
  *program = programs.add(made);
  return NVRTC_SUCCESS;
}

EXPORTED nvrtcResult nvrtcDestroyProgram(nvrtcProgram *program) {
  Call call("nvrtcDestroyProgram");
  if (!find(call, *program)) {
    return NVRTC_ERROR_INVALID_PROGRAM;
  }
  programs.take(*program);
  *program = nullptr;
  return call.told();
}

static bool begins(const std::string &text, const std::string &with) {
  return text.compare(0, with.size(), with) == 0;
}

/* The number in sm_90 or sm_90a; 0: there is none, or it is not known. */
static int architecture_of(const std::string &option) {
  size_t at = option.find("=sm_");
  int number = at == std::string::npos ? 0 : atoi(option.c_str() + at + 4);
  for (int known : architectures) {
    if (known == number) {
      return number;
    }
  }
  return 0;
}

/* What of the options is g++'s. */
static nvrtcResult translate(const Call &call, int count, const char *const *options, std::vector<std::string> *all,
                             int *architecture) {
  static const std::set<std::string> without_effect = {
      "-w", "--use_fast_math", "-use_fast_math", "--fmad=true", "-fmad=true", "-default-device", "--default-device"};
  for (int i = 0; i < count; i++) {
    std::string option = options[i];
    if (begins(option, "-D") || begins(option, "-std=")) {
      all->push_back(option);
    } else if (begins(option, "--std=")) {
      all->push_back(option.substr(1));
    } else if (option == "--fmad=false" || option == "-fmad=false") {
      all->push_back("-ffp-contract=off");
    } else if (begins(option, "-arch=") || begins(option, "--gpu-architecture=")) {
      *architecture = architecture_of(option);
      if (!*architecture) {
        return call.wrong(NVRTC_ERROR_INVALID_OPTION, "stubs compile for no " + option);
      }
    } else if (!without_effect.count(option)) {
      return call.wrong(NVRTC_ERROR_INVALID_OPTION, "stubs do not know " + option);
    }
  }
  return *architecture ? NVRTC_SUCCESS : call.wrong(NVRTC_ERROR_INVALID_OPTION, "a cubin needs -arch=sm_…");
}

/* As NVRTC words it: two errors, each with its line. */
static std::string log_of_failure(const std::string &file) {
  return file + "(7): error: identifier \"first\" is undefined\n    first = 1;\n    ^\n\n"
      + file + "(9): error: identifier \"second\" is undefined\n    second = 1;\n    ^\n\n"
      + "2 errors detected in the compilation of \"" + file + "\".\n";
}

EXPORTED nvrtcResult nvrtcCompileProgram(nvrtcProgram handle, int count, const char *const *options) {
  std::shared_ptr<Program> program;
  std::vector<std::string> translated;
  int architecture = 0;
  {
    Call call("nvrtcCompileProgram");
    program = find(call, handle);
    if (!program) {
      return NVRTC_ERROR_INVALID_PROGRAM;
    }
    if (call.told()) {
      program->log = log_of_failure(program->name);
      return call.told();
    }
    nvrtcResult status = translate(call, count, options, &translated, &architecture);
    if (status) {
      return status;
    }
  }
  /* Others may go on: this takes a second. */
  stub::Compiled compiled = stub::compile(program->name, program->source, translated);
  program->log = compiled.log;
  program->compiled = compiled.done;
  if (!compiled.done) {
    return NVRTC_ERROR_COMPILATION;
  }
  program->cubin = STUB_MAGIC + std::to_string(architecture / 10) + " " + std::to_string(architecture % 10) + " "
      + std::to_string(compiled.library.size()) + "\n" + compiled.library;
  return NVRTC_SUCCESS;
}

static nvrtcResult answer(const Call &call, nvrtcProgram handle, bool log, size_t *size, char *into) {
  if (call.told()) {
    return call.told();
  }
  std::shared_ptr<Program> program = find(call, handle);
  if (!program) {
    return NVRTC_ERROR_INVALID_PROGRAM;
  }
  if (!log && !program->compiled) {
    return call.wrong(NVRTC_ERROR_INVALID_PROGRAM, "the program is not compiled");
  }
  /* Logs end in a zero, which counts. */
  const char *content = log ? program->log.c_str() : program->cubin.data();
  size_t length = log ? program->log.size() + 1 : program->cubin.size();
  if (size) {
    *size = length;
  }
  if (into) {
    memcpy(into, content, length);
  }
  return NVRTC_SUCCESS;
}

EXPORTED nvrtcResult nvrtcGetCUBINSize(nvrtcProgram program, size_t *size) {
  Call call("nvrtcGetCUBINSize");
  return answer(call, program, false, size, nullptr);
}

EXPORTED nvrtcResult nvrtcGetCUBIN(nvrtcProgram program, char *cubin) {
  Call call("nvrtcGetCUBIN");
  return answer(call, program, false, nullptr, cubin);
}

EXPORTED nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram program, size_t *size) {
  Call call("nvrtcGetProgramLogSize");
  return answer(call, program, true, size, nullptr);
}

EXPORTED nvrtcResult nvrtcGetProgramLog(nvrtcProgram program, char *log) {
  Call call("nvrtcGetProgramLog");
  return answer(call, program, true, nullptr, log);
}
