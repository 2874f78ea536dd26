package dev.unnoise.backend.cuda.library;

import java.util.Map;
import java.util.Properties;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * All that decides where libraries are looked for.
 *
 * @param properties system properties
 * @param variables of the environment
 * @param python asked only when its turn comes
 */
record Surroundings(
    Map<String, String> properties, Map<String, String> variables, Supplier<PythonPath> python, ClassLoader classPath) {

  /** Those of this process. */
  static Surroundings ofThisProcess() {
    Properties properties = System.getProperties();
    return new Surroundings(
        properties.stringPropertyNames().stream().collect(Collectors.toMap(name -> name, properties::getProperty)),
        System.getenv(),
        PythonPath::ofPython3,
        Surroundings.class.getClassLoader());
  }
}
