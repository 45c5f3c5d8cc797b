/* Gophermaps in gophernicus' dialect: one line in, what it asks for out. */
#include "text/gophermap_dialect.h"

#include "text/gophermap.h"

static void fault(struct dialect_line *out, const char *why)
{
  out->kind = DIALECT_FAULT;
  out->why = why;
}

static void parse_type(struct str rest, struct dialect_line *out)
{
  size_t equals = str_find(rest, '=');
  struct str suffix = str_head(rest, equals), type = str_skip(rest, equals + 1);
  out->kind = DIALECT_TYPE;
  out->text = suffix;
  if (suffix.n == 0 || type.n == 0 || type.p[0] <= ' ' || type.p[0] >= 0x7f)
    fault(out, "expected :SUFFIX=TYPE, where TYPE is one character");
  else
    out->type = type.p[0];
}

void dialect_parse(struct str line, struct dialect_line *out)
{
  struct str rest = str_skip(line, 1);
  *out = (struct dialect_line){.kind = DIALECT_PLAIN, .text = line};
  switch (line.n ? line.p[0] : '\0') {
  case '#':
    out->kind = DIALECT_COMMENT;
    break;
  case '!':
    out->kind = DIALECT_TITLE;
    out->text = rest;
    break;
  case '-':
    out->kind = rest.n ? DIALECT_HIDE : DIALECT_COMMENT;
    out->text = rest;
    break;
  case ':':
    parse_type(rest, out);
    break;
  case '~':
    out->kind = DIALECT_USERS;
    break;
  case '%':
    out->kind = DIALECT_HOSTS;
    break;
  case '=':
    out->kind = DIALECT_INCLUDE;
    out->text = str_trim(rest);
    if (out->text.n == 0)
      fault(out, "expected =PATH of another map");
    break;
  case '*':
    out->kind = DIALECT_LISTING;
    break;
  case '.':
    out->kind = DIALECT_END;
    break;
  default:
    break;
  }
}

void dialect_put_info(struct buf *out, struct str text)
{
  buf_put_c(out, 'i');
  for (size_t i = 0; i < text.n; i++)
    buf_put_c(out, text.p[i] == '\t' ? ' ' : text.p[i]);
  buf_put_str(out, STR("\t\n"));
}

void dialect_put_plain(struct buf *out, struct str line)
{
  struct gophermap_line parsed;
  gophermap_parse(line, &parsed);
  if (parsed.type == 'i') {
    dialect_put_info(out, parsed.name);
    return;
  }
  buf_put_str(out, line);
  buf_put_c(out, '\n');
}

bool dialect_has_suffix(struct str name, struct str suffix)
{
  size_t dot = str_rfind(name, '.');
  return dot < name.n && str_eq_nocase(str_skip(name, dot + 1), suffix);
}
