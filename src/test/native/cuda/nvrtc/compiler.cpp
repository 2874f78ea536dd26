#include "compiler.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>

#include "host_source.h"

extern char **environ;

namespace stub {

namespace {

/* Where the stubs are: the shim, and what was compiled before. */
std::string home() {
  Dl_info about;
  if (!dladdr(reinterpret_cast<void *>(&compile), &about)) {
    return ".";
  }
  std::string path = about.dli_fname;
  return path.substr(0, path.rfind('/'));
}

std::string read(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::string &path, const std::string &text) {
  std::ofstream(path, std::ios::binary) << text;
}

/* Runs a program with both streams in a file. */
bool runs(const std::vector<std::string> &line, const std::string &log) {
  std::vector<char *> words;
  for (const std::string &word : line) {
    words.push_back(const_cast<char *>(word.c_str()));
  }
  words.push_back(nullptr);
  posix_spawn_file_actions_t streams;
  posix_spawn_file_actions_init(&streams);
  posix_spawn_file_actions_addopen(&streams, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&streams, STDOUT_FILENO, STDERR_FILENO);
  pid_t process;
  bool started = posix_spawnp(&process, words[0], &streams, nullptr, words.data(), environ) == 0;
  posix_spawn_file_actions_destroy(&streams);
  int status = -1;
  while (started && waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return started && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string key_of(const std::string &source, const std::vector<std::string> &options) {
  std::string all = source;
  for (const std::string &option : options) {
    all += '\0' + option;
  }
  char text[64];
  snprintf(text, sizeof text, "%016zx-%zu", std::hash<std::string>()(all), all.size());
  return text;
}

std::vector<std::string> operator+(std::vector<std::string> line, const std::vector<std::string> &more) {
  line.insert(line.end(), more.begin(), more.end());
  return line;
}

/* In a folder of its own, which is removed afterwards. */
Compiled compile_in(const std::string &folder, const std::string &name, const std::string &source,
                    const std::vector<std::string> &options) {
  std::string log = folder + "/log";
  std::string text = folder + "/" + name;
  std::string preprocessed = folder + "/kernels.ii";
  std::string library = folder + "/kernels.so";
  write(text, source);
  std::vector<std::string> standard = {"g++", "-std=c++17", "-w"};
  if (!runs(standard + options + std::vector<std::string>{"-E", "-x", "c++", text, "-o", preprocessed}, log)) {
    return {false, read(log), ""};
  }
  write(preprocessed + ".cpp", host_source(read(preprocessed)));
  /* Without symbols that keep a library in memory for ever. */
  std::vector<std::string> how = {"-O2", "-march=native", "-fPIC", "-shared", "-fno-gnu-unique", "-include",
                                  home() + "/shim.h", preprocessed + ".cpp", "-o", library};
  bool done = runs(standard + options + how, log);
  return {done, done ? "" : read(log), done ? read(library) : ""};
}

}  // namespace

Compiled compile(const std::string &name, const std::string &source, const std::vector<std::string> &options) {
  std::string programs = home() + "/programs";
  std::string kept = programs + "/" + key_of(source, options);
  std::string before = read(kept);
  if (!before.empty()) {
    return {true, "", before};
  }
  mkdir(programs.c_str(), 0700);
  std::string folder = kept + ".XXXXXX";
  if (!mkdtemp(folder.data())) {
    return {false, "no folder can be made in " + programs, ""};
  }
  Compiled compiled = compile_in(folder, name.substr(name.rfind('/') + 1), source, options);
  if (compiled.done) {
    rename((folder + "/kernels.so").c_str(), kept.c_str());
  }
  runs({"rm", "-r", folder}, "/dev/null");
  return compiled;
}

}  // namespace stub
