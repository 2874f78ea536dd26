package dev.unnoise.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The work of these tests is done by compilers and other processes, which use one processor each: they may run beside
 * tests that change what belongs to this process. None of them may compile by PoCL: its cache does not stand two
 * processes that do so at once.
 */
@Execution(ExecutionMode.CONCURRENT)
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface InOtherProcesses {}
