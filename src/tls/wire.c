/* A BIO over two spans of memory: what was fed, what is to be sent. */
#include "tls/wire.h"

#include <limits.h>
#include <string.h>

static int wire_read(BIO *bio, char *out, int size)
{
  struct wire *wire = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (size <= 0)
    return 0;
  if (wire->in.n == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  struct str part = str_head(wire->in, (size_t)size);
  memcpy(out, part.p, part.n);
  wire->in = str_skip(wire->in, part.n);
  return (int)part.n;
}

static int wire_write(BIO *bio, const char *bytes, int size)
{
  struct wire *wire = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (size <= 0)
    return 0;
  /* Moved only when at least half is dead: each byte is moved once on average, at most. */
  if (wire->sent > wire->out.n / 2) {
    buf_drop(&wire->out, wire->sent);
    wire->sent = 0;
  }
  buf_put(&wire->out, bytes, (size_t)size);
  return buf_error(&wire->out) ? -1 : size;
}

static long wire_control(BIO *bio, int command, long number, void *pointer)
{
  (void)bio;
  (void)number;
  (void)pointer;
  /* OpenSSL collects a flight in a buffering BIO of its own and flushes it through this one. */
  return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *wire_method(void)
{
  BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "nuncio wire");
  if (!method)
    return NULL;
  if (BIO_meth_set_read(method, wire_read) == 1 && BIO_meth_set_write(method, wire_write) == 1 &&
      BIO_meth_set_ctrl(method, wire_control) == 1)
    return method;
  BIO_meth_free(method);
  return NULL;
}

BIO *wire_bio(const BIO_METHOD *method, struct wire *wire)
{
  BIO *bio = BIO_new(method);
  if (!bio)
    return NULL;
  BIO_set_data(bio, wire);
  BIO_set_init(bio, 1);
  return bio;
}

struct str wire_output(const struct wire *wire)
{
  return str_skip(buf_str(&wire->out), wire->sent);
}

void wire_sent(struct wire *wire, size_t n)
{
  size_t left = wire->out.n - wire->sent;
  wire->sent += n < left ? n : left;
  if (wire->sent == wire->out.n)
    wire_free(wire);
}

void wire_free(struct wire *wire)
{
  buf_free(&wire->out);
  wire->sent = 0;
}
