package dev.unnoise.backend.reference;

/** softmax(q kᵀ · scale) v, head by head, query by query. */
final class SelfAttention {
  private SelfAttention() {}

  static void run(View query, View key, View value, int heads, float scale, View output) {
    int dim = query.channels() / heads;
    double[] scores = new double[key.pixels()];
    for (int head = 0; head < heads; head++) {
      for (int i = 0; i < query.pixels(); i++) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < scores.length; j++) {
          double score = 0;
          for (int d = head * dim; d < (head + 1) * dim; d++) {
            score += (double) query.get(i, d) * key.get(j, d);
          }
          scores[j] = score * scale;
          largest = Math.max(largest, scores[j]);
        }
        double total = 0;
        for (int j = 0; j < scores.length; j++) {
          scores[j] = Math.exp(scores[j] - largest);
          total += scores[j];
        }
        for (int d = head * dim; d < (head + 1) * dim; d++) {
          double sum = 0;
          for (int j = 0; j < scores.length; j++) {
            sum += scores[j] * value.get(j, d);
          }
          output.set(i, d, sum / total);
        }
      }
    }
  }
}
