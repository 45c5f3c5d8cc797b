/* What the protocols share: the life of a request. */
#include "proto/proto.h"

#include "site/ready.h"

/* No request line is longer than 1026 bytes; percent-encoding makes three of one, and two paths, a query and the
 * selector are kept. */
enum { TEXT_MAX = 16 * 1024, LOG_TARGET_MAX = 1026 };

void proto_request_init(struct proto_request *r)
{
  *r = (struct proto_request){.text = BUF_INIT(TEXT_MAX), .log_target = BUF_INIT(LOG_TARGET_MAX)};
  response_init(&r->answer);
}

void proto_request_free(struct proto_request *r)
{
  response_free(&r->answer);
  ready_unref(r->page);
  r->page = NULL;
  buf_free(&r->text);
  buf_free(&r->log_target);
}

void proto_request_reset(struct proto_request *r, const struct proto_context *context)
{
  response_free(&r->answer);
  response_init(&r->answer);
  buf_clear(&r->text);
  buf_clear(&r->log_target);
  ready_unref(r->page);
  r->page = NULL;
  r->context = context;
  r->site = NULL;
  r->request = (struct request){.targets = 0};
  r->form = 0;
  r->item_path = (struct str){NULL, 0};
  r->place = (struct menu_place){.columns = MENU_COLUMNS};
}
