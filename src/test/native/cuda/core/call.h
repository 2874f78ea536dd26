/* What a stub library does when one of its functions is called. What tests say and ask is in control.cpp. */
#pragma once

#include <mutex>
#include <string>

#define EXPORTED extern "C" __attribute__((visibility("default")))

namespace stub {

/* Calls come one at a time, whatever thread they come from; a call that computes long may let others in. */
extern std::recursive_mutex machine;

/* One call of a function of the libraries, from its beginning to its end: counted, and told what to answer. */
class Call {
 public:
  explicit Call(const char *name);

  /* The status that a test wants in place of success; 0: none. What the call gives back is given back all the same. */
  int told() const { return told_; }

  /* Notes that the program under test has done what it must not. Gives the status back. */
  int wrong(int status, const std::string &what) const;

 private:
  std::unique_lock<std::recursive_mutex> alone_;
  const char *name_;
  int told_;
};

/* Notes something wrong that comes to light after the call that caused it. */
void violation(const std::string &what);

/* What tests set: how the machine is. Names and defaults are in settings.cpp. */
long setting(const char *name);

/* Everything that the test has said is forgotten, but not what is alive. */
void forget_settings();
bool change_setting(const std::string &name, long value);

}  // namespace stub
