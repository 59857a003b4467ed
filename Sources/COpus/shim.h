// libopus 1.3 and later (BSD, linked dynamically).
//
// The functions redeclared here were audited by hand (source and, in Debian's build, disassembly): they call nothing that allocates or
// locks; only the create and destroy functions do, and their work is done in memory of ours.
#ifndef KAKEHASHI_COPUS_SHIM_H
#define KAKEHASHI_COPUS_SHIM_H

#include <opus.h>
#include <stddef.h>

#define COPUS_NO_LOCKS __attribute__((swift_attr("@_noLocks")))

int opus_encode(OpusEncoder *st, const opus_int16 *pcm, int frame_size, unsigned char *data, opus_int32 max_data_bytes) COPUS_NO_LOCKS;
int opus_decode(OpusDecoder *st, const unsigned char *data, opus_int32 len, opus_int16 *pcm, int frame_size, int decode_fec) COPUS_NO_LOCKS;
int opus_packet_get_nb_samples(const unsigned char packet[], opus_int32 len, opus_int32 Fs) COPUS_NO_LOCKS;
int opus_packet_get_samples_per_frame(const unsigned char *data, opus_int32 Fs) COPUS_NO_LOCKS;
int opus_packet_get_nb_channels(const unsigned char *data) COPUS_NO_LOCKS;
int opus_packet_parse(
    const unsigned char *data, opus_int32 len, unsigned char *out_toc, const unsigned char *frames[48], opus_int16 size[48],
    int *payload_offset) COPUS_NO_LOCKS;

// The controls are variable-argument functions, which Swift cannot call.

static inline COPUS_NO_LOCKS int copus_reset_encoder(OpusEncoder *encoder) { return opus_encoder_ctl(encoder, OPUS_RESET_STATE); }
static inline COPUS_NO_LOCKS int copus_reset_decoder(OpusDecoder *decoder) { return opus_decoder_ctl(decoder, OPUS_RESET_STATE); }

// Bits a second of the payload, 6,000 … 510,000.
static inline COPUS_NO_LOCKS int copus_set_bit_rate(OpusEncoder *encoder, opus_int32 rate) {
  return opus_encoder_ctl(encoder, OPUS_SET_BITRATE(rate));
}

// Whether packets vary in size.
static inline COPUS_NO_LOCKS int copus_set_variable_rate(OpusEncoder *encoder, int on) {
  return opus_encoder_ctl(encoder, OPUS_SET_VBR(on));
}

// Expected loss in percent; 0: no forward error correction.
static inline COPUS_NO_LOCKS int copus_set_expected_loss(OpusEncoder *encoder, int percent) {
  int result = opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(percent > 0));
  return result == OPUS_OK ? opus_encoder_ctl(encoder, OPUS_SET_PACKET_LOSS_PERC(percent)) : result;
}

static inline COPUS_NO_LOCKS int copus_set_silence_suppression(OpusEncoder *encoder, int on) {
  return opus_encoder_ctl(encoder, OPUS_SET_DTX(on));
}

// What never changes: speech, and 0 … 10.
static inline int copus_prepare_for_speech(OpusEncoder *encoder, int complexity) {
  int result = opus_encoder_ctl(encoder, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
  return result == OPUS_OK ? opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(complexity)) : result;
}

// Whether the packet repeats its predecessor's speech (in-band forward error correction, RFC 6716, 2.1.7): the low bit-rate redundancy
// flags that follow each channel's voice activity flags at the head of a SILK frame (4.2.3 and 4.2.4).
static inline COPUS_NO_LOCKS int copus_repeats_predecessor(const unsigned char *packet, opus_int32 length) {
  const unsigned char *frames[48];
  opus_int16 sizes[48];
  if (length < 2 || packet[0] & 0x80) return 0;
  if (opus_packet_parse(packet, length, NULL, frames, sizes, NULL) < 1 || sizes[0] < 1) return 0;
  int samples = opus_packet_get_samples_per_frame(packet, 48000);
  int parts = samples > 960 ? samples / 960 : 1;
  int found = (frames[0][0] >> (7 - parts)) & 1;
  if (opus_packet_get_nb_channels(packet) == 2) found |= (frames[0][0] >> (6 - 2 * parts)) & 1;
  return found;
}

#endif
