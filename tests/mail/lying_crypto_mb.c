/* A library with the names that the accelerator calls; one of the words below, defined, says what it does wrong. */
#include <stdint.h>
#include <string.h>

#ifndef ANOTHER_LIBRARY

uint64_t mbx_get_algo_info(int algorithm) {
#ifdef NOT_FOR_THIS_PROCESSOR
  return 0;
#else
  return algorithm == 1 ? 8 : 0;
#endif
}

void *mbx_RSA2K_private_crt_Method(void) {
#ifdef NO_METHOD
  return 0;
#else
  static int method;
  return &method;
#endif
}

void *mbx_RSA2K_pub65537_Method(void) { return mbx_RSA2K_private_crt_Method(); }

int mbx_RSA_Method_BufSize(const void *method) { return method ? 64 : 0; }

uint32_t mbx_rsa_private_crt_mb8(void *from[8], void *to[8], void *p[8], void *q[8], void *dp[8], void *dq[8],
                                 void *iq[8], int bits, const void *method, void *room) {
#ifdef FAILS
  return 0x55555555;
#else
  for (int at = 0; at < 8; at++) {
#ifdef SIGNS_WRONG
    memset(to[at], 7, bits / 8);
#elif defined(CHECKS_NOTHING)
    memcpy(to[at], from[at], bits / 8);
#endif
  }
  return 0;
#endif
}

/* Says of every signature that it fits, where it is to be caught by another check. */
uint32_t mbx_rsa_public_mb8(void *from[8], void *to[8], void *modulus[8], int bits, const void *method,
                            void *room) {
#ifdef CHECKS_NOTHING
  for (int at = 0; at < 8; at++) memcpy(to[at], from[at], bits / 8);
#endif
  return 0;
}

#endif
