/* What is said of a page's content. */
#include "site/content.h"

#include <ctype.h>

bool content_is_gemtext(struct str type)
{
  return str_eq_nocase(str_trim(str_head(type, str_find(type, ';'))), STR("text/gemini"));
}

/* Whether the type has a parameter of that name. */
static bool has_parameter(struct str type, struct str name)
{
  struct str parameter;
  (void)str_split(&type, ';', &parameter); /* the type itself */
  while (str_split(&type, ';', &parameter))
    if (str_eq_nocase(str_trim(str_head(parameter, str_find(parameter, '='))), name))
      return true;
  return false;
}

/* A value that is no token stands in quotes (RFC 2045 5.1), such as several languages. */
static void put_parameter(struct buf *out, const char *name, struct str value)
{
  static const struct str marks = STR_INIT("-._+:");
  bool token = true;
  for (size_t i = 0; i < value.n; i++)
    token = token && (isalnum((unsigned char)value.p[i]) || str_find(marks, value.p[i]) < marks.n);
  buf_printf(out, token ? "; %s=%.*s" : "; %s=\"%.*s\"", name, STR_ARG(value));
}

void content_put_type(struct buf *out, struct str type, struct str lang, bool from_file, const struct ruled *ruled)
{
  bool gemtext = content_is_gemtext(type), text = gemtext || str_starts_nocase(type, STR("text/"));
  buf_put_str(out, type);
  if (from_file && text && ruled->charset && ruled->charset[0] && !has_parameter(type, STR("charset")))
    put_parameter(out, "charset", str_from(ruled->charset));
  if (!gemtext) {
    if (from_file && ruled->parameters && ruled->for_all_types)
      buf_printf(out, "%s", ruled->parameters);
    return;
  }
  if (ruled->lang)
    lang = str_from(ruled->lang);
  if (ruled->parameters)
    buf_printf(out, "%s", ruled->parameters);
  else if (lang.n && !has_parameter(type, STR("lang")))
    put_parameter(out, "lang", lang);
}
