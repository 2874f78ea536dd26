/* graph.Activation, by its ordinal. */

FUNCTION vec activate(vec x, int kind) {
  if (kind == 1) {
    return x / (SPLAT(1.0f) + VECTOR_EXP(-x));
  }
  if (kind == 2) {
    /* softplus(x) = max(x, 0) + log1p(exp(-|x|)) does not overflow. */
    vec softplus = VECTOR_MAX(x, SPLAT(0.0f)) + VECTOR_LOG1P(VECTOR_EXP(VECTOR_MIN(x, -x)));
    return x * VECTOR_TANH(softplus);
  }
  if (kind == 3) {
    return SPLAT(0.5f) * x * (SPLAT(1.0f) + VECTOR_ERF(x * SPLAT(0.70710678f)));
  }
  if (kind == 4) {
    return VECTOR_MAX(x, SPLAT(0.0f));
  }
  return x;
}
