/* What is asked of a Gemini server, rule by rule. */
#include "probe/gemini.h"

#include "probe/gemini_judge.h"
#include "text/gemtext.h"
#include "text/uri.h"

#define CRLF "\r\n"
#define FIRST_PAGE "{origin}/" CRLF

static const char no_directory[] = "the first page links to no directory of this server";
static const char no_letters[] = "the host has no letters";
static const char no_ticket[] = "no connection brought a ticket";

/* `spec` stands where the specification says MUST, or where a reader is harmed. */
const struct question gemini_questions[] = {
    /* The first page, from all sides. */
    {"G1", "TLS is spoken", STR_INIT(FIRST_PAGE), judge_tls, .keep = KEPT_ROOT, .spec = true},
    {"G15", "the first page's header is legal", .again = true, .judge = judge_header, .spec = true},
    {"G3", "close_notify, then FIN, after the first page", .again = true, .judge = judge_goodbye, .spec = true},
    {"G20", "the first page has a MIME type", .again = true, .judge = judge_type, .spec = true},
    {"G21", "its text is valid UTF-8, without a byte order mark, and ends with a line end", .again = true,
     .judge = judge_text, .spec = true},
    {"G6", "the certificate is valid now and names the host", .again = true, .judge = judge_certificate},
    {"G5", "a client without a certificate can come in", .again = true, .judge = judge_client_certificate},

    /* TLS. */
    {"G1", "TLS 1.3 alone is accepted", STR_INIT(FIRST_PAGE), judge_only_version, .channel = CHANNEL_13},
    {"G1", "TLS 1.2 alone is accepted", STR_INIT(FIRST_PAGE), judge_only_version, .channel = CHANNEL_12},
    {"G1", "TLS 1.1 and 1.0 are refused", STR_INIT(FIRST_PAGE), judge_old_version, "OpenSSL has no such versions here",
     CHANNEL_OLD, .spec = true},
    {"G1", "plain text gets no answer", STR_INIT(FIRST_PAGE), judge_plain_text, .channel = CHANNEL_PLAIN, .spec = true,
     .quiet = true},
    {"G2", "without SNI the first page is the same", STR_INIT(FIRST_PAGE), judge_sni, .channel = CHANNEL_NO_SNI,
     .like = KEPT_ROOT},
    {"G12", "an unknown SNI is no obstacle", STR_INIT(FIRST_PAGE), judge_sni, .channel = CHANNEL_OTHER_SNI,
     .like = KEPT_ROOT},
    {"G5", "a session ticket is taken", STR_INIT(FIRST_PAGE), judge_resumed, no_ticket, .channel = CHANNEL_RESUMED},
    {"G5", "a resumed session gets the same page", .again = true, .judge = judge_like, .lacks = no_ticket,
     .like = KEPT_ROOT},
    {"G4", "no early data", .again = true, .judge = judge_early_data, .lacks = no_ticket},

    /* The request line. */
    {"G7", "a bare LF does not end a request", STR_INIT("{origin}/\n"), judge_bare_lf, .spec = true, .quiet = true},
    {"G8", "a URI of 1024 bytes is served", STR_INIT("{origin}/?{fill}" CRLF), judge_longest, .fill = 1024,
     .spec = true},
    {"G8", "a URI of 1025 bytes is refused with 59", STR_INIT("{origin}/?{fill}" CRLF), judge_too_long, .want = 59,
     .fill = 1025, .spec = true},
    {"G8", "and without waiting for its end", STR_INIT("{origin}/?{fill}"), judge_too_long, .want = 59, .fill = 1100,
     .quiet = true},
    {"G9", "an empty request is refused with 59", STR_INIT(CRLF), judge_status, .want = 59, .spec = true},
    {"G9", "a relative reference is refused with 59", STR_INIT("/" CRLF), judge_status, .want = 59, .spec = true},
    {"G9", "a URL without a scheme is refused with 59", STR_INIT("//{host}:{port}/" CRLF), judge_status, .want = 59,
     .spec = true},
    {"G9", "a URL without a host is refused with 59", STR_INIT("gemini:///" CRLF), judge_status, .want = 59,
     .spec = true},
    {"G9", "a malformed URL is refused with 59", STR_INIT("gemini://[::1/" CRLF), judge_status, .want = 59,
     .spec = true},
    {"G9", "userinfo is refused with 59", STR_INIT("gemini://nuncio@{host}:{port}/" CRLF), judge_status, .want = 59,
     .spec = true},
    {"G9", "a fragment is refused with 59", STR_INIT("{origin}/#nuncio" CRLF), judge_status, .want = 59, .spec = true},
    {"G9", "a NUL byte is refused with 59", STR_INIT("{origin}/\0" CRLF), judge_status, .want = 59, .spec = true},
    {"G9", "a control character is refused with 59", STR_INIT("{origin}/\a" CRLF), judge_status, .want = 59,
     .spec = true},
    {"G9", "invalid UTF-8 is refused with 59", STR_INIT("{origin}/\xff" CRLF), judge_status, .want = 59, .spec = true},
    {"G9", "a byte order mark is refused with 59", STR_INIT("\xEF\xBB\xBF{origin}/" CRLF), judge_status, .want = 59,
     .spec = true},
    {"G10", "bytes after the CRLF are ignored", STR_INIT("{origin}/" CRLF "nuncio" CRLF), judge_like,
     .like = KEPT_ROOT},
    {"G10", "a path with bytes beyond ASCII is tolerated", STR_INIT("{origin}/nuncio-\xC3\xA9" CRLF), judge_tolerated,
     .spec = false},
    {"G10", "brackets in a path are tolerated", STR_INIT("{origin}/nuncio[1]" CRLF), judge_tolerated, .spec = false},

    /* Whose page it is. */
    {"G11", "an empty path is the first page", STR_INIT("{origin}" CRLF), judge_like, .like = KEPT_ROOT, .spec = true},
    {"G12", "https is refused with 53", STR_INIT("https://{host}/" CRLF), judge_foreign, .want = 53, .spec = true},
    {"G12", "gopher is refused with 53", STR_INIT("gopher://{host}/" CRLF), judge_foreign, .want = 53, .spec = true},
    {"G25", "titan is refused with 53", STR_INIT("titan://{host}:{port}/" CRLF), judge_foreign, .want = 53},
    {"G12", "a host that is not served is refused with 53", STR_INIT("gemini://nuncio.invalid/" CRLF), judge_foreign,
     .want = 53, .spec = true},
    {"G12", "a port that is not served is refused with 53", STR_INIT("gemini://{host}:1/" CRLF), judge_foreign,
     .want = 53},
    {"G12", "a port that is left out is this one", STR_INIT("gemini://{host}/" CRLF), judge_like, .like = KEPT_ROOT},
    {"G12", "scheme and host in capitals are the same", STR_INIT("GEMINI://{NAME}:{port}/" CRLF), judge_like,
     no_letters, .like = KEPT_ROOT, .spec = true},
    {"G12", "a dot after the host is the same host", STR_INIT("gemini://{name}.:{port}/" CRLF), judge_like, no_letters,
     .like = KEPT_ROOT},

    /* The path. */
    {"G13", "a path above the root is refused with 59", STR_INIT("{origin}/../../../../../../etc/passwd" CRLF),
     judge_outside, .want = 59},
    {"G13", "the same percent-encoded", STR_INIT("{origin}/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd" CRLF),
     judge_outside, .want = 59},
    {"G13", "%2F is no separator", STR_INIT("{origin}/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd" CRLF), judge_outside,
     .want = 51},
    {"G13", "a path is decoded once only", STR_INIT("{origin}/%252e%252e/%252e%252e/%252e%252e/etc/passwd" CRLF),
     judge_outside, .want = 51},
    {"G13", "a backslash is no separator", STR_INIT("{origin}/..%5c..%5c..%5c..%5cetc%5cpasswd" CRLF), judge_outside,
     .want = 51},
    {"G13", "%00 is refused with 59", STR_INIT("{origin}/nuncio%00.gmi" CRLF), judge_outside, .want = 59},
    {"G13", "dot segments are resolved", STR_INIT("{origin}/nuncio/./../" CRLF), judge_like, .like = KEPT_ROOT},
    {"G14", "a query on the first page is ignored", STR_INIT("{origin}/?nuncio" CRLF), judge_like, .like = KEPT_ROOT},
    {"G16", "a directory without its slash leads to the slash by 31", STR_INIT("{origin}{directory}" CRLF), judge_slash,
     no_directory, .want = 31, .spec = true},
    {"G16", "and the query is kept", STR_INIT("{origin}{directory}?nuncio" CRLF), judge_slash_query, no_directory,
     .want = 31},
    {"G16", "// in front of it leads to no other host", STR_INIT("{origin}/{directory}" CRLF), judge_other_host,
     no_directory, .spec = true},
    {"G15", "a page that is not there is 51, with a reason", STR_INIT("{origin}/nuncio-is-not-there" CRLF),
     judge_status, .want = 51, .spec = true},
    {"G3", "close_notify, then FIN, after an error", .again = true, .judge = judge_goodbye, .spec = true},
    {"G18", "a name longer than file systems allow is 51", STR_INIT("{origin}/{fill}" CRLF), judge_status, .want = 51,
     .fill = 400},
    {"G23", "/robots.txt is a plain file", STR_INIT("{origin}/robots.txt" CRLF), judge_plain_file, .spec = false},
    {"G23", "/favicon.txt is a plain file", STR_INIT("{origin}/favicon.txt" CRLF), judge_plain_file, .spec = false},
    {"G23", "/.well-known/ is as any folder", STR_INIT("{origin}/.well-known/" CRLF), judge_plain_file, .spec = false},
    {"G23", "/.git/config is 51", STR_INIT("{origin}/.git/config" CRLF), judge_status, .want = 51},
    {"G23", "/.htpasswd is 51", STR_INIT("{origin}/.htpasswd" CRLF), judge_status, .want = 51},

    {"G15", "every answer had a legal header, and a body after 20 only", .summary = true, .judge = judge_headers,
     .spec = true},
    {"G3", "every answer was ended by close_notify", .summary = true, .judge = judge_endings, .spec = true},
};

const size_t gemini_question_count = sizeof gemini_questions / sizeof *gemini_questions;

/* A path of a directory below the root, with its slash. */
static bool is_directory(struct str path)
{
  return path.n > 2 && path.n <= FACT_MOST && str_ends(path, STR("/")) && str_find(path, '?') == path.n;
}

void gemini_learn(struct facts *facts, enum kept kept)
{
  struct header header;
  struct gemtext_line parsed;
  bool preformatted = false;
  struct str line;
  struct buf *directory = &facts->fact[FACT_DIRECTORY];
  if (kept != KEPT_ROOT)
    return;
  header_read(buf_str(&facts->kept[KEPT_ROOT]), &header);
  if (header.fault || !str_starts_nocase(header.meta, STR("text/gemini")))
    return;
  while (directory->n == 0 && str_line(&header.body, &line)) {
    struct buf path = BUF_INIT(URI_MAX);
    gemtext_parse(line, &preformatted, &parsed);
    if (parsed.type == GEMTEXT_LINK && uri_resolve(&path, STR("/"), parsed.target) == 0 && is_directory(buf_str(&path)))
      buf_put_str(directory, str_head(buf_str(&path), path.n - 1));
    buf_free(&path);
  }
}
