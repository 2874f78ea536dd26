/* How a test, which opens libunnoise_stub.so for itself, says what should happen and asks what has. */
#pragma once

#include "call.h"

/* Everything works again, settings are what they are by default, calls are counted from 0 and nothing was wrong. What
 * is alive stays known. */
EXPORTED void stub_reset(void);

/* The call of this name that comes nth from now, 1 being the next, answers this status in place of working. A call that
 * gives something back gives it back nevertheless. If lasting, the device is lost with it: whatever needs it fails. */
EXPORTED void stub_fail(const char *name, long nth, int status, int lasting);

/* How often a function was called since stub_reset. */
EXPORTED long stub_seen(const char *name);

/* 0 if there is no such setting. */
EXPORTED int stub_set(const char *name, long value);

/* The name of a kind of objects; null beyond the last. */
EXPORTED const char *stub_kind(int kind);

/* How many objects of a kind have been made and not given back. */
EXPORTED long stub_alive(int kind);

/* What was done that must not be done, a line each, cut to the size; gives the length of it all. */
EXPORTED long stub_violations(char *text, long size);
