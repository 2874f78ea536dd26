/* Runs of channels: whole vectors, and what is left at the end. */

FUNCTION vec load_some(const GLOBAL float *from, int count) {
  if (count >= VW) {
    return VECTOR_LOAD(from);
  }
  float lanes[VW];
  for (int i = 0; i < VW; i++) {
    lanes[i] = i < count ? from[i] : 0.0f;
  }
  return VECTOR_LOAD(lanes);
}

FUNCTION void store_some(vec values, GLOBAL float *to, int count) {
  if (count >= VW) {
    VECTOR_STORE(values, to);
    return;
  }
  float lanes[VW];
  VECTOR_STORE(values, lanes);
  for (int i = 0; i < count; i++) {
    to[i] = lanes[i];
  }
}

FUNCTION float lanes_sum(vec values) {
  float lanes[VW];
  VECTOR_STORE(values, lanes);
  float sum = 0.0f;
  for (int i = 0; i < VW; i++) {
    sum += lanes[i];
  }
  return sum;
}
