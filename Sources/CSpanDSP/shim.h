// spandsp 0.0.6 (LGPL 2.1, linked dynamically).
//
// The functions redeclared here were audited by hand (source and, in Debian's build, disassembly): they call nothing that allocates or
// locks once their state is initialised, as long as the state's logging level is 0, which is the default.
#ifndef KAKEHASHI_CSPANDSP_SHIM_H
#define KAKEHASHI_CSPANDSP_SHIM_H

#include <spandsp.h>

#define CSPANDSP_NO_LOCKS __attribute__((swift_attr("@_noLocks")))

int dtmf_rx(dtmf_rx_state_t *s, const int16_t amp[], int samples) CSPANDSP_NO_LOCKS;
int dtmf_rx_fillin(dtmf_rx_state_t *s, int samples) CSPANDSP_NO_LOCKS;
int dtmf_tx(dtmf_tx_state_t *s, int16_t amp[], int max_samples) CSPANDSP_NO_LOCKS;
int g722_encode(g722_encode_state_t *s, uint8_t g722_data[], const int16_t amp[], int len) CSPANDSP_NO_LOCKS;
int g722_decode(g722_decode_state_t *s, int16_t amp[], const uint8_t g722_data[], int len) CSPANDSP_NO_LOCKS;
g722_decode_state_t *g722_decode_init(g722_decode_state_t *s, int rate, int options) CSPANDSP_NO_LOCKS;

// The digit changes that one call of dtmf_rx reported: the digit's ASCII code at its start, 0 at its end.
struct cspandsp_digit_report {
  int32_t count;
  int32_t codes[8];
};

static inline void cspandsp_report_digit(void *user, int code, int level, int delay) {
  struct cspandsp_digit_report *report = (struct cspandsp_digit_report *)user;
  (void)level;
  (void)delay;
  if (report->count < 8) report->codes[report->count++] = code;
}

// A receiver that reports into `report`; limits in dB and dBm0. Freed by dtmf_rx_free.
static inline dtmf_rx_state_t *cspandsp_dtmf_rx_create(
    struct cspandsp_digit_report *report, int twist, int reverse_twist, int threshold) {
  dtmf_rx_state_t *state = dtmf_rx_init(NULL, NULL, NULL);
  if (state == NULL) return NULL;
  dtmf_rx_set_realtime_callback(state, cspandsp_report_digit, report);
  dtmf_rx_parms(state, -1, twist, reverse_twist, threshold);
  return state;
}

#endif
