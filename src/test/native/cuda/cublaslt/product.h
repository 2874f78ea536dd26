/* Products as descriptors describe them. */
#pragma once

#include <memory>
#include <string>

#include "../core/arrays.h"
#include "../core/handles.h"
#include "abi.h"

namespace stub {

/* Columns one after another. */
struct Layout {
  int type;
  int64_t rows, columns, ld;
  int batch = 1;
  int64_t batch_offset = 0;
};

/* D = alpha op(A) op(B) + beta C, plus a bias for every row. */
struct Product {
  int compute;
  int transpose_a = OP_N;
  int transpose_b = OP_N;
  int epilogue = EPILOGUE_DEFAULT;
  char *bias = nullptr;
  int bias_type = -1; /* -1: that of D */
};

/* What an algorithm must be like. */
struct Preference {
  uint64_t workspace = 0;
  uint32_t reductions = REDUCTION_ANY;
  uint32_t alignments[4] = {256, 256, 256, 256}; /* of A, B, C and D, in bytes */
};

/* Something that a handle is given for; one of the three. */
struct Description {
  std::shared_ptr<Product> product;
  std::shared_ptr<Layout> layout;
  std::shared_ptr<Preference> preference;
};

extern Handles<Description> descriptions;

bool is_library(const void *handle);

/* Null, and a violation, if there is none. */
std::shared_ptr<Product> find_product(const Call &call, const void *handle);
std::shared_ptr<Layout> find_layout(const Call &call, const void *handle);
std::shared_ptr<Preference> find_preference(const Call &call, const void *handle);

Stored stored(int type);
int bias_type_of(const Product &product, const Layout &d);

/* One matrix of a batch as an array of rows and columns, or transposed. */
Shape shape_of(const Layout &layout, bool transposed);

/* Bytes from the first number of the first matrix to the end of the last. */
size_t span_of(const Layout &layout);

/* What does not fit together; empty: nothing. */
std::string problem_of(const Product &product, const Layout &a, const Layout &b, const Layout &c, const Layout &d);

/* What is the matter with a product that is well described, but that no algorithm takes; empty: nothing. */
std::string refusal_of(const Product &product, const Layout &a, const Layout &d);

struct Algorithm {
  uint64_t id; /* never 0 */
  int splits;
  int reduction;
  size_t workspace;
};

/* Null if there is none of this number. */
const Algorithm *find_algorithm(uint64_t id);

/* The first that the preference allows and that comes after another one; null: none. */
const Algorithm *next_algorithm(const Preference &preference, const Algorithm *after);

/* Everything that an execution needs. */
struct Multiplication {
  Product product;
  Layout a, b, c, d;
  char *from_a, *from_b, *from_c, *to;
  float alpha, beta;
  const Algorithm *algorithm;
  char *workspace;
  size_t workspace_size;
  int device;
};

/* Computes it. */
void multiply(const Multiplication &multiplication);

}  // namespace stub
