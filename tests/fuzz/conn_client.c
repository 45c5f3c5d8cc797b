/* The client of a connection in memory. */
#include "conn_client.h"

#include <stdint.h>

#include "conn_world.h"
#include "disk.h"
#include "loopback.h"
#include "must.h"

enum { TEXT_MOST = 8 << 20 };

void client_start(struct client *c, unsigned how, int fd)
{
  *c = (struct client){.used = true,
                       .gemini = how & 1,
                       .slow = how & 8,
                       .kind = how >> 4,
                       .fd = fd,
                       .asked = NOTHING_ASKED,
                       .pace = SIZE_MAX,
                       .peer = how & 2 ? tls_peer_new(how >> 4) : NULL};
  buf_init(&c->said, TEXT_MOST);
  buf_init(&c->out, TEXT_MOST);
  buf_init(&c->plain, TEXT_MOST);
}

void client_free(struct client *c)
{
  if (c->peer)
    tls_peer_free(c->peer);
  buf_free(&c->said);
  buf_free(&c->out);
  buf_free(&c->plain);
}

enum conn_way client_way(const struct client *c)
{
  return c->gemini ? WAY_GEMINI : c->peer ? WAY_GOPHERS : WAY_GOPHER;
}

/* Lets go as much of the client's ciphertext as it may in this step. */
static bool let_go(struct client *c, struct loopback *s)
{
  struct str part = str_head(buf_str(&c->out), c->may);
  if (part.n == 0 || s->client_fin)
    return false;
  if (c->flip)
    c->out.p[part.n / 2] ^= 0x10;
  c->flip = false;
  loopback_send(s, part);
  c->may -= part.n;
  buf_drop(&c->out, part.n);
  return true;
}

bool client_carry(struct client *c)
{
  struct loopback *s = loopback_at(c->fd);
  if (!c->slow)
    loopback_take(s, SIZE_MAX);
  struct str came = str_skip(str_head(buf_str(&s->sent), s->acknowledged), s->taken);
  s->taken = s->acknowledged;
  if (!c->peer) {
    buf_put_str(&c->plain, came);
    return came.n > 0;
  }
  if (came.n)
    c->tls = tls_peer_feed(c->peer, came, &c->plain);
  c->opened = c->opened || c->tls == TLS_OPEN;
  if (c->tls == TLS_OPEN) {
    tls_peer_write(c->peer, buf_str(&c->said));
    buf_clear(&c->said);
  }
  tls_peer_output(c->peer, &c->out);
  return let_go(c, s) || came.n > 0;
}

void client_say(struct client *c, struct str bytes, int asked)
{
  if (!c->used)
    return;
  c->asked = c->asked == NOTHING_ASKED ? asked : MORE_ASKED;
  if (c->peer)
    buf_put_str(&c->said, bytes);
  else
    loopback_send(loopback_at(c->fd), bytes);
}

size_t client_meddle(struct client *c, unsigned value, struct str program)
{
  size_t n = value >> 3;
  if (!c->used || !c->peer)
    return 0;
  switch (value & 7) {
  case 0:
    c->tampered = true;
    loopback_send(loopback_at(c->fd), str_head(program, n));
    return n;
  case 1:
    c->tampered = c->flip = true;
    break;
  case 2:
    c->pace = n * n;
    break;
  case 3:
    c->pace = SIZE_MAX;
    break;
  case 4:
    tls_peer_close(c->peer);
    break;
  case 5: /* OpenSSL's clients give up where a renegotiation is refused */
    c->tampered = c->tampered || c->kind & PEER_TLS12;
    tls_peer_rekey(c->peer);
    break;
  default: /* the stream ends in the middle of what it says */
    buf_clear(&c->out);
    c->tampered = true;
    break;
  }
  return 0;
}

/* Whether the reader can take what it has for the whole answer. */
static bool came_whole(const struct client *c)
{
  const struct loopback *s = loopback_at(c->fd);
  if (c->peer)
    return c->tls == TLS_CLOSED;
  return s->server_fin && !s->server_rst && !s->client_rst && s->acknowledged == s->sent.n;
}

void client_check(const struct client *c, bool stopped, unsigned disk, bool nameless)
{
  const struct loopback *s = loopback_at(c->fd);
  struct str answer = buf_str(&c->plain);
  /* What comes too late for the server gets an RST; and what its client kept back it cannot know. */
  bool orderly = s->server_fin && !s->server_rst && !s->client_rst && s->acknowledged == s->sent.n &&
                 s->received == s->coming.n && c->out.n == 0;
  must(!conn_world_leaks(answer), "nothing outside of the capsule is sent (G13)");
  if (c->gemini && !c->peer) {
    must(answer.n == 0 || answer.p[0] == 0x15, "who speaks no TLS gets an alert or nothing (G1)");
    return;
  }
  must(!c->opened || !orderly || c->tampered || c->faulty || stopped || came_whole(c),
       "an orderly end has a close_notify (G3)");
  if (!came_whole(c) || answer.n == 0 || (!c->peer && answer.p[0] == 0x15))
    return;
  conn_answer_check(client_way(c), answer);
  bool as_always = c->gemini ? !(disk & DISK_BROKEN) : disk == 0 && !nameless;
  bool usual_name = !(c->kind & (PEER_NO_SNI | PEER_OTHER_SNI));
  if (c->asked >= 0 && !c->tampered && usual_name && as_always)
    conn_answer_due(client_way(c), (unsigned)c->asked, answer);
}
