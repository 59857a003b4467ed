// libspeexdsp (BSD): the reference beside our echo canceller, for tests only.
#ifndef KAKEHASHI_CSPEEXDSP_SHIM_H
#define KAKEHASHI_CSPEEXDSP_SHIM_H

#include <speex/speex_echo.h>

#endif
