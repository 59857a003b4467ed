// The hybrid impulse responses of ITU-T G.168 annex D.2–D.9, from spandsp's installed header.
#ifndef KAKEHASHI_CSPANDSP_G168_H
#define KAKEHASHI_CSPANDSP_G168_H

#include <stddef.h>
#include <stdint.h>

// The header defines external tables; as static ones it can be included anywhere.
#define const static const
#include <spandsp/g168models.h>
#undef const

// The taps at 8 kHz of model `index` (2 … 9 for D.2 … D.9), to be multiplied by `gain` for a path of about 0 dB; NULL and 0 for another
// index. `length` and `gain` must not be NULL.
static inline const int32_t *cspandsp_g168_hybrid(int index, int *length, float *gain) {
  switch (index) {
#define CSPANDSP_MODEL(n)                                                              \
  case n:                                                                              \
    *length = (int)(sizeof(line_model_d##n##_coeffs) / sizeof(line_model_d##n##_coeffs[0])); \
    *gain = LINE_MODEL_D##n##_GAIN;                                                    \
    return line_model_d##n##_coeffs
    CSPANDSP_MODEL(2);
    CSPANDSP_MODEL(3);
    CSPANDSP_MODEL(4);
    CSPANDSP_MODEL(5);
    CSPANDSP_MODEL(6);
    CSPANDSP_MODEL(7);
    CSPANDSP_MODEL(8);
    CSPANDSP_MODEL(9);
#undef CSPANDSP_MODEL
  default:
    *length = 0;
    *gain = 0;
    return NULL;
  }
}

#endif
