/* X25519 without OpenSSL 3.0's detours: its method of before 3.0, which leads to the same code.
 *
 * For the key exchange of one handshake OpenSSL 3.0 looks up the key's manager and the exchange by name a dozen times,
 * and six times it goes through the table of all names that it knows (some six hundred), only to translate X25519 into
 * the number of old. Where a process has added a method for a kind of key, all that is left out. What is added here is
 * OpenSSL's own method: the arithmetic, the random bytes and the refusal of a weak share are as they were. */
#ifndef NUNCIO_TLS_X25519_H
#define NUNCIO_TLS_X25519_H

#include "base/buf.h"

/* Uses the method for every X25519 key of the process from now on, after it has agreed with OpenSSL's usual way on the
 * secrets of several random pairs of keys, and has come to RFC 7748's own. Once in a process, before other threads use
 * OpenSSL. 0, or not in use: ERR_ABSENT (OpenSSL is not the 3.0 that this was made for), ERR_TLS (it does not take the
 * method) or ERR_WRONG (the two ways differ, which nobody should overlook), with the reason as a sentence in *why. */
int x25519_load(struct buf *why) __attribute__((warn_unused_result));

/* Back to OpenSSL's usual way. Not while a handshake is under way. */
void x25519_unload(void);

#endif
