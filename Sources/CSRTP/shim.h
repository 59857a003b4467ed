// libsrtp2 (BSD, linked dynamically): the tests hold our SRTP against it.
#ifndef KAKEHASHI_CSRTP_SHIM_H
#define KAKEHASHI_CSRTP_SHIM_H

#include <srtp2/srtp.h>

#endif
