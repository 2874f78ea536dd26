/* Convolutions and matrix products. */
#include "abi.h"
#include "graph.h"

namespace stub {

/* N,C,H,W with the channels innermost and with the padding around: N,H,W,C. */
static std::vector<float> padded(const Operation &operation, const std::vector<float> &x, int64_t height,
                                 int64_t width) {
  const std::vector<int64_t> &extents = operation.x.shape.extents;
  int64_t channels = extents[1];
  int64_t top = operation.convolution.before[0];
  int64_t left = operation.convolution.before[1];
  std::vector<float> result(extents[0] * height * width * channels);
  const float *from = x.data();
  for (int64_t n = 0; n < extents[0]; n++) {
    for (int64_t c = 0; c < channels; c++) {
      for (int64_t h = 0; h < extents[2]; h++) {
        for (int64_t w = 0; w < extents[3]; w++) {
          result[((n * height + h + top) * width + w + left) * channels + c] = *from++;
        }
      }
    }
  }
  return result;
}

/* K,C,R,S with the channels innermost: K,R,S,C. */
static std::vector<float> channels_last(const Shape &shape, const std::vector<float> &w) {
  int64_t channels = shape.extents[1];
  int64_t taps = shape.extents[2] * shape.extents[3];
  std::vector<float> result(w.size());
  for (int64_t k = 0; k < shape.extents[0]; k++) {
    for (int64_t c = 0; c < channels; c++) {
      for (int64_t tap = 0; tap < taps; tap++) {
        result[(k * taps + tap) * channels + c] = w[(k * channels + c) * taps + tap];
      }
    }
  }
  return result;
}

std::vector<float> convolve(const Operation &operation, const std::vector<float> &x, const std::vector<float> &w) {
  const std::vector<int64_t> &in = operation.x.shape.extents;
  const std::vector<int64_t> &taps = operation.second.shape.extents;
  const std::vector<int64_t> &out = operation.y.shape.extents;
  const Convolution &how = operation.convolution;
  int64_t height = in[2] + how.before[0] + how.after[0];
  int64_t width = in[3] + how.before[1] + how.after[1];
  std::vector<float> image = padded(operation, x, height, width);
  std::vector<float> filter = channels_last(operation.second.shape, w);
  std::vector<float> result;
  result.reserve(operation.y.shape.count());
  for (int64_t n = 0; n < out[0]; n++) {
    for (int64_t k = 0; k < out[1]; k++) {
      for (int64_t p = 0; p < out[2]; p++) {
        for (int64_t q = 0; q < out[3]; q++) {
          float sum = 0;
          for (int64_t r = 0; r < taps[2]; r++) {
            for (int64_t s = 0; s < taps[3]; s++) {
              int64_t row = p * how.strides[0] + r * how.dilations[0];
              int64_t column = q * how.strides[1] + s * how.dilations[1];
              sum += dot(&image[((n * height + row) * width + column) * in[1]],
                         &filter[((k * taps[2] + r) * taps[3] + s) * in[1]], in[1]);
            }
          }
          result.push_back(sum);
        }
      }
    }
  }
  return result;
}

/* Matrices of the last two axes; where one has fewer of them than the product, its only one serves all. */
std::vector<float> multiply(const Operation &operation, const std::vector<float> &a, const std::vector<float> &b) {
  size_t axes = operation.y.shape.extents.size();
  int64_t rows = operation.y.shape.extents[axes - 2];
  int64_t columns = operation.y.shape.extents[axes - 1];
  int64_t inner = operation.x.shape.extents[axes - 1];
  int64_t matrices = operation.y.shape.count() / (rows * columns);
  std::vector<float> result;
  result.reserve(operation.y.shape.count());
  for (int64_t i = 0; i < matrices; i++) {
    const float *left = a.data() + (operation.x.shape.count() == rows * inner ? 0 : i * rows * inner);
    const float *right = b.data() + (operation.second.shape.count() == inner * columns ? 0 : i * inner * columns);
    std::vector<float> transposed(inner * columns);
    for (int64_t j = 0; j < inner; j++) {
      for (int64_t c = 0; c < columns; c++) {
        transposed[c * inner + j] = right[j * columns + c];
      }
    }
    for (int64_t r = 0; r < rows; r++) {
      for (int64_t c = 0; c < columns; c++) {
        result.push_back(dot(left + r * inner, &transposed[c * inner], inner));
      }
    }
  }
  return result;
}

}  // namespace stub
