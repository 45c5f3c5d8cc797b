/* Feeds whatever a stranger may send to a fresh TLS session, in pieces: it goes on waiting or breaks with words. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/err.h"
#include "same_random.h"
#include "tls/certificate.h"
#include "tls/session.h"

enum { OUTPUT_MOST = 16384, SNI_MOST = 255 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
  if (!holds)
    abort();
}

/* Two sites, of which the default one asks for certificates, made once; their files are not needed any more then. */
static struct tls_server *make_server(void)
{
  static const char *const names[] = {"one.example", "two.example"};
  static const char *const suffixes[] = {".crt", ".key"};
  char folder[] = "/tmp/nuncio-fuzz-XXXXXX";
  struct buf why = BUF_INIT(4096);
  struct tls_server *server = NULL;
  must(mkdtemp(folder) && tls_server_new(NULL, &server) == 0);
  for (size_t i = 0; i < 2; i++) {
    const struct certificate_names wanted = {.names = &names[i], .n_names = 1};
    must(certificate_make(folder, names[i], &wanted, KEY_NEW, NULL, &why) == 0);
    must(tls_server_add(server, &names[i], 1, &(struct tls_files){.dir = folder, .file = names[i]}, i, &why) == 0);
    for (size_t k = 0; k < 2; k++) {
      struct buf path = BUF_INIT(4096);
      buf_printf(&path, "%s/%s%s", folder, names[i], suffixes[k]);
      buf_put_c(&path, '\0');
      must(unlink(path.p) == 0);
      buf_free(&path);
    }
  }
  must(tls_server_ask(server, 0) == 0);
  must(rmdir(folder) == 0);
  buf_free(&why);
  return server;
}

/* What holds after every call, whatever was fed: nobody who has no keys gets past the handshake. */
static void check(struct tls_session *s, enum tls_state now, const struct buf *plain)
{
  struct str sni = tls_session_sni(s);
  struct identity identity;
  must(now == TLS_HANDSHAKE || now == TLS_BROKEN);
  must((strlen(tls_session_fault(s)) > 0) == (now == TLS_BROKEN));
  must(plain->n == 0 && tls_session_output(s).n <= OUTPUT_MOST);
  must(sni.n <= SNI_MOST && (sni.n == 0 || !memchr(sni.p, '\0', sni.n)));
  must(tls_session_site(s) == -1 || (tls_session_site(s) <= 1 && sni.n > 0));
  must(tls_session_identity(s, &identity) == 0 && !identity.presented);
  must(ERR_peek_error() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct tls_server *server;
  same_random();
  if (!server)
    server = make_server();
  if (size < 1)
    return 0;

  struct tls_session *s = tls_session_new(server);
  struct buf plain = BUF_INIT(1026);
  enum tls_state now = TLS_HANDSHAKE;
  must(s != NULL);
  /* The first byte says how the rest is cut and when the output is drained. */
  unsigned seed = data[0];
  struct str rest = {(const char *)data + 1, size - 1};
  do {
    seed = seed * 1664525 + 1013904223;
    struct str piece = data[0] ? str_head(rest, seed >> 8 & 0x3f) : rest;
    enum tls_state before = now;
    size_t said = tls_session_output(s).n;
    rest = str_skip(rest, piece.n);
    now = tls_session_feed(s, piece, &plain);
    check(s, now, &plain);
    must(before != TLS_BROKEN || (now == TLS_BROKEN && tls_session_output(s).n == said));
    if (seed >> 28 == 0)
      tls_session_sent(s, seed >> 16 & 0xff);
  } while (rest.n);

  size_t said = tls_session_output(s).n;
  must(tls_session_write(s, STR("20 text/gemini\r\n")) == ERR_TLS);
  tls_session_close(s);
  must(tls_session_output(s).n == said);
  tls_session_sent(s, said);
  must(tls_session_output(s).n == 0);
  tls_session_free(s);
  buf_free(&plain);
  return 0;
}
