/* Conversions that PTX has instructions for: functions named as these, with underscores for dots. */
#pragma once

/* Lies beside this file where kernels are compiled. */
#include "numbers.h"

#define stub_cvt_f32_f16 stub_half_value
#define stub_cvt_rn_f16_f32 stub_half_bits
#define stub_cvt_rn_bf16_f32 stub_bfloat_bits
