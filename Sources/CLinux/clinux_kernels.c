// The inner loops of signal processing, compiled twice: for any x86-64 and for those with AVX2, chosen when the program is loaded.
// Without fused multiply and add, so that both give the same results to the last bit.
#include "CLinux.h"

#if defined(__x86_64__)
#define CLINUX_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define CLINUX_CLONES
#endif

#pragma STDC FP_CONTRACT OFF

typedef float eight __attribute__((vector_size(32), aligned(4), may_alias));

CLINUX_CLONES
void clinux_convolve(const float *weights, int taps, const float *source, float *output, int count) {
  int first = 0;
  for (; first + 40 <= count; first += 40) {
    eight sum0 = {0}, sum1 = {0}, sum2 = {0}, sum3 = {0}, sum4 = {0};
    const float *from = source + first;
    for (int tap = 0; tap < taps; tap++, from--) {
      float weight = weights[tap];
      sum0 += *(const eight *)(from) * weight;
      sum1 += *(const eight *)(from + 8) * weight;
      sum2 += *(const eight *)(from + 16) * weight;
      sum3 += *(const eight *)(from + 24) * weight;
      sum4 += *(const eight *)(from + 32) * weight;
    }
    *(eight *)(output + first) = sum0;
    *(eight *)(output + first + 8) = sum1;
    *(eight *)(output + first + 16) = sum2;
    *(eight *)(output + first + 24) = sum3;
    *(eight *)(output + first + 32) = sum4;
  }
  for (; first < count; first++) {
    float sum = 0;
    for (int tap = 0; tap < taps; tap++) sum += source[first - tap] * weights[tap];
    output[first] = sum;
  }
}

CLINUX_CLONES
int clinux_resample(
    const float *samples, int count, int16_t *output, int most, int64_t position, int64_t step, const float *kernel) {
  const int64_t one = (int64_t)1 << 32;
  const int64_t middle = (step - one) * 3 / 2;
  int made = 0;
  while (made < most) {
    int first = (int)(position >> 32);
    if (first > count) break;
    // A little outside 0…1 the line between two rows goes on.
    float place = (float)((position & (one - 1)) + middle) * (1.0f / 4294967296.0f) * 128;
    int whole = place > 0 ? (int)place : 0;
    int index = whole < 127 ? whole : 127;
    float rest = place - (float)index;
    const eight *row = (const eight *)(kernel + index * 32);
    eight row0 = row[0] + (row[4] - row[0]) * rest;
    eight row1 = row[1] + (row[5] - row[1]) * rest;
    eight row2 = row[2] + (row[6] - row[2]) * rest;
    eight row3 = row[3] + (row[7] - row[3]) * rest;
    for (int group = 0; group < 4 && made < most; group++) {
      int base = (int)(position >> 32);
      // A new whole sample was passed early or late: the row no longer fits.
      if (base != first + group || base > count) break;
      const eight *from = (const eight *)(samples + base);
      eight sum = (from[0] * row0 + from[2] * row2) + (from[1] * row1 + from[3] * row3);
      float value = ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
      float bounded = value > 32767 ? 32767 : (value < -32768 ? -32768 : value);
      // Rounds to nearest: the offset keeps the conversion, which cuts toward zero, positive.
      output[made++] = (int16_t)((int)(bounded + 32768.5f) - 32768);
      position += step;
    }
  }
  return made;
}

CLINUX_CLONES
void clinux_tone_bank(const float *folded, const float *table, int pairs, float *real, float *imaginary) {
  for (int pair = 0; pair < pairs; pair++) {
    const eight *cosine = (const eight *)(table + pair * 640);
    const eight *sine = cosine + 40;
    eight re0 = {0}, im0 = {0}, re1 = {0}, im1 = {0};
    for (int sample = 0; sample < 40; sample += 2) {
      re0 += cosine[sample] * folded[sample];
      im0 -= sine[sample] * folded[40 + sample];
      re1 += cosine[sample + 1] * folded[sample + 1];
      im1 -= sine[sample + 1] * folded[41 + sample];
    }
    *(eight *)(real + pair * 8) = re0 + re1;
    *(eight *)(imaginary + pair * 8) = im0 + im1;
  }
}

CLINUX_CLONES
int64_t clinux_energy(const int16_t *samples, int count) {
  int64_t sum = 0;
  for (int index = 0; index < count; index++) sum += (int32_t)samples[index] * samples[index];
  return sum;
}
