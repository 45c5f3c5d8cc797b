/* For tests of tls/: a server of its own for each test, and visits to it. */
#include "tls_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>

int rig_add(struct rig_world *w, const char *name, size_t index)
{
  const char *const names[] = {name};
  return tls_server_add(w->server, names, 1, &(struct tls_files){.dir = w->folder, .file = name}, index, &w->why);
}

void rig_world_init(struct rig_world *w)
{
  folder_make(&w->top);
  w->folder = w->top.path;
  buf_init(&w->why, 1 << 16);
  assert_int_equal(tls_server_new(NULL, &w->server), 0);
}

void rig_world_of_two(struct rig_world *w)
{
  rig_world_init(w);
  rig_pair(w->folder, "one.example");
  rig_pair(w->folder, "two.example");
  assert_int_equal(rig_add(w, "one.example", 0), 0);
  assert_int_equal(rig_add(w, "two.example", 1), 0);
}

void rig_world_free(struct rig_world *w)
{
  tls_server_free(w->server);
  buf_free(&w->why);
  folder_remove(&w->top);
  assert_int_equal(ERR_peek_error(), 0);
}

void rig_fingerprint(const struct rig_world *w, const char *name, unsigned char out[FINGERPRINT_BYTES])
{
  struct certificate_info info;
  struct buf why = BUF_INIT(4096);
  if (certificate_read(w->folder, name, &info, &why) < 0)
    fail_msg("%.*s", STR_ARG(buf_str(&why)));
  memcpy(out, info.fingerprint, FINGERPRINT_BYTES);
  certificate_info_free(&info);
  buf_free(&why);
}

long rig_visit(struct rig_world *w, const char *sni, int version, unsigned char seen[FINGERPRINT_BYTES])
{
  struct rig_client client;
  rig_client_init(&client, sni, version);
  struct tls_session *s = tls_session_new(w->server);
  assert_non_null(s);
  if (rig_pump(&client, s, 0, NULL) != TLS_OPEN)
    fail_msg("%s", tls_session_fault(s));
  rig_client_saw(&client, seen);
  long site = tls_session_site(s);
  assert_true(str_eq(tls_session_sni(s), str_from(sni)));
  tls_session_free(s);
  rig_client_free(&client);
  return site;
}
