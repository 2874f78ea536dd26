#include "product.h"

namespace stub {

Stored stored(int type) {
  return type == CUDA_R_32F ? Stored::FLOATS : type == CUDA_R_16F ? Stored::HALVES : Stored::BFLOATS;
}

int bias_type_of(const Product &product, const Layout &d) {
  return product.bias_type < 0 ? d.type : product.bias_type;
}

Shape shape_of(const Layout &layout, bool transposed) {
  return transposed ? Shape{{layout.columns, layout.rows}, {layout.ld, 1}}
                    : Shape{{layout.rows, layout.columns}, {1, layout.ld}};
}

size_t span_of(const Layout &layout) {
  Shape all = {{layout.batch, layout.columns, layout.rows}, {layout.batch_offset, layout.ld, 1}};
  return all.span(stored(layout.type));
}

std::string problem_of(const Product &product, const Layout &a, const Layout &b, const Layout &c, const Layout &d) {
  bool turned_a = product.transpose_a == OP_T;
  bool turned_b = product.transpose_b == OP_T;
  if ((!turned_a && product.transpose_a != OP_N) || (!turned_b && product.transpose_b != OP_N)) {
    return "stubs know no such transposition";
  }
  int64_t inner = turned_a ? a.rows : a.columns;
  if ((turned_a ? a.columns : a.rows) != d.rows || (turned_b ? b.rows : b.columns) != d.columns
      || (turned_b ? b.columns : b.rows) != inner || c.rows != d.rows || c.columns != d.columns) {
    return "rows and columns do not fit";
  }
  if (a.batch != d.batch || b.batch != d.batch || c.batch != d.batch || d.batch < 1) {
    return "there are not as many matrices of every kind";
  }
  if (a.type != b.type || c.type != d.type) {
    return "both factors have to be of one type, and what is added of the result's";
  }
  if (product.epilogue != EPILOGUE_DEFAULT && product.epilogue != EPILOGUE_BIAS) {
    return "stubs know no such epilogue";
  }
  return "";
}

std::string refusal_of(const Product &product, const Layout &a, const Layout &d) {
  if (d.type != a.type && d.type != CUDA_R_32F) {
    return "a result of 16 bits is of the factors' type";
  }
  bool other = product.epilogue == EPILOGUE_BIAS && bias_type_of(product, d) != d.type;
  return other ? "a bias is of the result's type" : "";
}

const Algorithm *find_algorithm(uint64_t id) {
  static const Algorithm algorithms[] = {
      {1, 4, REDUCTION_INPLACE, 1 << 16},
      {2, 1, REDUCTION_NONE, 1 << 15},
      {3, 1, REDUCTION_NONE, 0},
  };
  for (const Algorithm &algorithm : algorithms) {
    if (algorithm.id == id) {
      return &algorithm;
    }
  }
  return nullptr;
}

const Algorithm *next_algorithm(const Preference &preference, const Algorithm *after) {
  long known = setting("cublasltAlgorithms");
  for (uint64_t id = after ? after->id + 1 : 1; const Algorithm *algorithm = find_algorithm(id); id++) {
    bool reduces = algorithm->reduction != REDUCTION_NONE;
    if ((known >> (id - 1) & 1) && algorithm->workspace <= preference.workspace
        && (!reduces || (preference.reductions & algorithm->reduction))) {
      return algorithm;
    }
  }
  return nullptr;
}

static std::vector<float> factor(const Multiplication &of, const Layout &layout, bool transposed, const char *from) {
  std::vector<float> values = gather(stored(layout.type), shape_of(layout, transposed), from);
  if (of.product.compute == COMPUTE_32F_FAST_TF32) {
    for (float &value : values) {
      value = tensor_float(value);
    }
  }
  return values;
}

/* Sums that several blocks add to in any order: another result every second time. */
static float error_of(const Algorithm &algorithm) {
  static bool again;
  again = !again;
  return algorithm.splits > 1 && again ? 1e-4f : 0;
}

static void multiply_one(const Multiplication &of, int64_t i, float error) {
  const char *a = of.from_a + i * of.a.batch_offset * bytes_of(stored(of.a.type));
  const char *b = of.from_b + i * of.b.batch_offset * bytes_of(stored(of.b.type));
  const char *c = of.from_c + i * of.c.batch_offset * bytes_of(stored(of.c.type));
  char *d = of.to + i * of.d.batch_offset * bytes_of(stored(of.d.type));
  int64_t inner = of.product.transpose_a == OP_T ? of.a.rows : of.a.columns;
  std::vector<float> rows = factor(of, of.a, of.product.transpose_a == OP_T, a);
  std::vector<float> columns = factor(of, of.b, of.product.transpose_b == OP_N, b);
  std::vector<float> before;
  if (of.beta != 0) {
    before = gather(stored(of.c.type), shape_of(of.c, false), c);
  }
  std::vector<float> result;
  int bias_type = bias_type_of(of.product, of.d);
  for (int64_t m = 0; m < of.d.rows; m++) {
    float bias = 0;
    if (of.product.epilogue == EPILOGUE_BIAS) {
      bias = read_number(stored(bias_type), of.product.bias + m * bytes_of(stored(bias_type)));
    }
    for (int64_t n = 0; n < of.d.columns; n++) {
      float sum = of.alpha * dot(&rows[m * inner], &columns[n * inner], inner) * (1 + error);
      result.push_back(sum + (of.beta != 0 ? of.beta * before[m * of.d.columns + n] : 0) + bias);
    }
  }
  scatter(stored(of.d.type), shape_of(of.d, false), result, d);
}

void multiply(const Multiplication &multiplication) {
  float error = error_of(*multiplication.algorithm);
  for (int64_t i = 0; i < multiplication.d.batch; i++) {
    multiply_one(multiplication, i, error);
  }
}

}  // namespace stub
