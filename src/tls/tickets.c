/* The ring of ticket keys in shared memory, and OpenSSL's callback that takes them from there. */
#include "tls/tickets.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "base/err.h"
#include "base/sealed.h"

/* What the callback is given room for (RFC 5077, section 4: key_name), and what AES-256-CBC and HMAC-SHA256 take. */
enum { NAME_BYTES = 16, CIPHER_BYTES = 32, MAC_BYTES = 32, IV_BYTES = 16 };

/* A rotation writes one key, or two at once, and whoever read the number before may still be copying one of the two
 * keys that were accepted until then: four slots that must differ. */
enum { SLOTS = 4 };

/* Written into the memory, so that another version with another layout, or another program, is not misread. */
static const char MAGIC[16] = "nuncio tickets 1";

struct key {
  unsigned char name[NAME_BYTES], cipher[CIPHER_BYTES], mac[MAC_BYTES];
  uint64_t made; /* tickets_now at its making; only the writer reads it */
};

struct ring {
  char magic[sizeof MAGIC];
  _Atomic uint64_t current; /* counts rotations from 1: its key is in slot current % SLOTS */
  struct key slots[SLOTS];
};

/* IVs drawn at once: one costs as much as a hundred do (mostly a system call, and new keys for OpenSSL's generator). */
enum { IVS = 64 };

struct tickets {
  struct ring *ring;
  bool writer;
  EVP_CIPHER *cipher; /* fetched once */
  /* Kept for later tickets, each used once. An IV travels in clear with its ticket: what counts is that nobody else
   * has or knows it before. */
  unsigned char ivs[IVS][IV_BYTES];
  size_t ivs_left;
};

static int fail(struct buf *why, int err, const char *what, const char *cause)
{
  buf_printf(why, "%s: %s", what, cause);
  return err;
}

static int fail_errno(struct buf *why, const char *what)
{
  int number = errno;
  return fail(why, number == ENOMEM || number == EMFILE || number == ENFILE ? ERR_NOMEM : ERR_IO, what,
              strerror(number));
}

/* ---------------------------------------------------------------- the ring */

uint64_t tickets_now(void)
{
  struct timespec now;
  return clock_gettime(CLOCK_BOOTTIME, &now) == 0 ? (uint64_t)now.tv_sec : 0;
}

static bool key_make(struct key *key, uint64_t now)
{
  struct key made = {.made = now};
  bool good = RAND_bytes(made.name, sizeof made.name) == 1 && RAND_priv_bytes(made.cipher, sizeof made.cipher) == 1 &&
              RAND_priv_bytes(made.mac, sizeof made.mac) == 1;
  if (good)
    *key = made;
  OPENSSL_cleanse(&made, sizeof made);
  ERR_clear_error();
  return good;
}

/* Writes `steps` keys into free slots, then names the last one by a single store: who reads the new number reads whole
 * keys, and without random bytes for all of them nobody reads a new number. One step keeps the key before; after two
 * the previous key is one that nobody ever had a ticket of. */
static int ring_step(struct ring *ring, unsigned steps, uint64_t now)
{
  uint64_t before = atomic_load_explicit(&ring->current, memory_order_relaxed), next = before + steps;
  for (uint64_t i = before + 1; i <= next; i++)
    if (!key_make(&ring->slots[i % SLOTS], now))
      return ERR_TLS;
  atomic_store_explicit(&ring->current, next, memory_order_release);
  /* Neither accepted now nor until this step: gone. That is next + 1 and so on, round the ring, to before - 2. */
  for (uint64_t i = next + 1; i + 1 < before + SLOTS; i++)
    OPENSSL_cleanse(&ring->slots[i % SLOTS], sizeof ring->slots[0]);
  return 0;
}

int tickets_create(int *fd, uint64_t now, struct buf *why)
{
  static const char what[] = "cannot make the memory for the keys of session tickets";
  void *map = NULL;
  *fd = sealed_create("nuncio-tickets", sizeof(struct ring), &map);
  if (*fd < 0)
    return fail_errno(why, what);
  struct ring *ring = map;
  memcpy(ring->magic, MAGIC, sizeof MAGIC);
  int err = ring_step(ring, 1, now);
  (void)munmap(map, sizeof *ring);
  if (err) {
    (void)fail(why, err, what, "there are no random bytes");
    close(*fd);
    *fd = -1;
  }
  return err;
}

static const char *ring_fault(const struct ring *ring)
{
  if (memcmp(ring->magic, MAGIC, sizeof MAGIC) != 0)
    return "it holds something else, or the ring of another version";
  if (atomic_load_explicit(&ring->current, memory_order_acquire) == 0)
    return "it holds no key";
  return NULL;
}

int tickets_map(int fd, bool writer, struct tickets **out, struct buf *why)
{
  static const char what[] = "cannot use the keys of session tickets";
  *out = NULL;
  const char *fault = sealed_fault(fd, sizeof(struct ring));
  if (fault)
    return fail(why, ERR_SYNTAX, what, fault);
  struct tickets *t = calloc(1, sizeof *t);
  if (!t)
    return fail(why, ERR_NOMEM, what, err_text(ERR_NOMEM));
  t->writer = writer;
  t->ring = mmap(NULL, sizeof *t->ring, writer ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
  if (t->ring == MAP_FAILED) {
    free(t);
    return fail_errno(why, what);
  }
  fault = ring_fault(t->ring);
  t->cipher = fault ? NULL : EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
  if (!t->cipher || EVP_CIPHER_get_iv_length(t->cipher) != IV_BYTES) {
    tickets_unmap(t);
    ERR_clear_error();
    return fail(why, fault ? ERR_SYNTAX : ERR_TLS, what, fault ? fault : "the TLS library lacks AES-256-CBC");
  }
  /* Keys belong neither into a core file nor, where the limit on locked memory allows, into the swap. */
  (void)madvise(t->ring, sizeof *t->ring, MADV_DONTDUMP);
  (void)madvise(t->ring, sizeof *t->ring, MADV_DONTFORK); /* a child has a descriptor, should it need one */
  (void)mlock(t->ring, sizeof *t->ring);
  *out = t;
  return 0;
}

void tickets_unmap(struct tickets *t)
{
  if (!t)
    return;
  EVP_CIPHER_free(t->cipher);
  (void)munmap(t->ring, sizeof *t->ring);
  free(t);
}

/* Of the current key, in seconds. A clock behind the key's is another machine's (a restored memory image): the key is
 * too old then. */
static uint64_t age(const struct tickets *t, uint64_t now)
{
  uint64_t made = t->ring->slots[atomic_load_explicit(&t->ring->current, memory_order_acquire) % SLOTS].made;
  return now >= made ? now - made : UINT64_MAX;
}

bool tickets_due(const struct tickets *t, uint64_t now)
{
  return age(t, now) >= TICKETS_SECONDS;
}

int tickets_rotate(struct tickets *t, uint64_t now)
{
  if (!t->writer)
    return ERR_DENIED;
  bool too_old = age(t, now) / 2 >= TICKETS_SECONDS;
  return ring_step(t->ring, too_old ? 2 : 1, now);
}

void tickets_tidy(struct tickets *t)
{
  if (!t->writer)
    return;
  /* From the slot after the current key's round the ring to the one before the previous key's. */
  uint64_t current = atomic_load_explicit(&t->ring->current, memory_order_relaxed);
  for (uint64_t i = current + 1; i + 1 < current + SLOTS; i++)
    OPENSSL_cleanse(&t->ring->slots[i % SLOTS], sizeof t->ring->slots[0]);
}

/* ---------------------------------------------------------------- OpenSSL's side */

/* The key of a ticket by its name, among those accepted. */
static bool ring_find(const struct ring *ring, const unsigned char name[NAME_BYTES], struct key *out)
{
  uint64_t current = atomic_load_explicit(&ring->current, memory_order_acquire);
  for (uint64_t i = current; i > 0 && i + 1 >= current; i--) {
    const struct key *key = &ring->slots[i % SLOTS];
    if (memcmp(key->name, name, NAME_BYTES) == 0) {
      *out = *key;
      return true;
    }
  }
  return false;
}

static bool set_mac(EVP_MAC_CTX *mac, struct key *key)
{
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac, sizeof key->mac),
      OSSL_PARAM_construct_end(),
  };
  return EVP_MAC_CTX_set_params(mac, params) == 1;
}

static bool take_iv(struct tickets *t, unsigned char *iv)
{
  if (t->ivs_left == 0) {
    if (RAND_bytes(t->ivs[0], sizeof t->ivs) != 1)
      return false;
    t->ivs_left = IVS;
  }
  memcpy(iv, t->ivs[--t->ivs_left], IV_BYTES);
  return true;
}

static int seal(struct tickets *t, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
  struct key key = t->ring->slots[atomic_load_explicit(&t->ring->current, memory_order_acquire) % SLOTS];
  memcpy(name, key.name, NAME_BYTES);
  bool good = take_iv(t, iv) && EVP_EncryptInit_ex2(cipher, t->cipher, key.cipher, iv, NULL) == 1 && set_mac(mac, &key);
  OPENSSL_cleanse(&key, sizeof key);
  return good ? 1 : -1;
}

/* 0: a full handshake. 2: resumed, and a new ticket follows. It follows for the current key too: a client that keeps to
 * RFC 8446, appendix C.4, uses a ticket once, and would otherwise resume every second time only. */
static int open_ticket(const struct tickets *t, const unsigned char *name, const unsigned char *iv,
                       EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
  struct key key;
  if (!ring_find(t->ring, name, &key))
    return 0;
  bool good = EVP_DecryptInit_ex2(cipher, t->cipher, key.cipher, iv, NULL) == 1 && set_mac(mac, &key);
  OPENSSL_cleanse(&key, sizeof key);
  return good ? 2 : 0;
}

/* OpenSSL asks the context that a session began with; the site's has the same. */
static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
                     int sealing)
{
  struct tickets *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
  return sealing ? seal(t, name, iv, cipher, mac) : open_ticket(t, name, iv, cipher, mac);
}

int tickets_use(struct tickets *t, SSL_CTX *ctx)
{
  bool good = SSL_CTX_set_app_data(ctx, t) == 1 && SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket) == 1;
  return good ? 0 : ERR_TLS;
}
