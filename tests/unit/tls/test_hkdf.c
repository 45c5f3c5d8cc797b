/* HMAC and HKDF against what the RFCs print: 4231 (HMAC), 5869 (HKDF), 8448 (a handshake of TLS 1.3, and its
 * resumption). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tls/hkdf.h"

enum { BYTES_MOST = 160 };

struct bytes {
  unsigned char p[BYTES_MOST];
  size_t n;
};

/* Hexadecimal digits as bytes; a byte may be repeated: `0b*20`. */
static struct bytes hex(const char *text)
{
  struct bytes out = {.n = 0};
  while (*text) {
    unsigned value, times = 1;
    int used = 0, more = 0;
    if (sscanf(text, "%2x%n", &value, &used) != 1 || used != 2)
      fail_msg("no hexadecimal digits: %s", text);
    if (text[2] == '*' && sscanf(text + 2, "*%u%n", &times, &more) != 1)
      fail_msg("no count: %s", text);
    assert_true(out.n + times <= BYTES_MOST);
    memset(out.p + out.n, (int)value, times);
    out.n += times;
    text += used + more;
  }
  return out;
}

static struct str span(const struct bytes *b)
{
  return str_make((const char *)b->p, b->n);
}

/* Bytes that count up, as RFC 5869 likes them. */
static struct bytes counting(unsigned from, size_t n)
{
  struct bytes out = {.n = n};
  for (size_t i = 0; i < n; i++)
    out.p[i] = (unsigned char)(from + i);
  return out;
}

static void expect(int line, const unsigned char *got, const char *wanted)
{
  struct bytes w = hex(wanted);
  if (memcmp(got, w.p, w.n) != 0)
    fail_msg("row at line %d", line);
}

static const struct hkdf_digest *digest(const char *name)
{
  const struct hkdf_digest *d = hkdf_digest(name);
  assert_non_null(d);
  return d;
}

static void hmac_is_rfc_4231s(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *key, *message, *sha256, *sha384;
  } rows[] = {
      {__LINE__, "0b*20", "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
       "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6"},
      {__LINE__, "4a656665", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
       "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"},
      {__LINE__, "aa*131", "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
       "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (unsigned which = 0; which < 2; which++) {
      struct bytes key = hex(rows[i].key);
      struct str message = str_from(rows[i].message);
      unsigned char out[HKDF_DIGEST_MOST];
      struct hmac h;
      hmac_start(&h, digest(which ? "SHA384" : "sha2-256"), span(&key));
      hmac_update(&h, str_head(message, i * 3));
      hmac_update(&h, str_skip(message, i * 3));
      hmac_finish(&h, out);
      expect(rows[i].line, out, which ? rows[i].sha384 : rows[i].sha256);
    }
}

static void hkdf_is_rfc_5869s(void **state)
{
  (void)state;
  const struct {
    int line;
    struct bytes secret, salt, info;
    const char *key, *output;
  } rows[] = {
      {__LINE__, hex("0b*22"), counting(0x00, 13), counting(0xf0, 10),
       "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
       "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
      {__LINE__, counting(0x00, 80), counting(0x60, 80), counting(0xb0, 80),
       "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
       "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
       "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
      {__LINE__,
       hex("0b*22"),
       {.n = 0},
       {.n = 0},
       "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
       "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
  };
  const struct hkdf_digest *d = digest("SHA-256");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct bytes key = {.n = 32}, out = {.n = strlen(rows[i].output) / 2};
    hkdf_extract(d, span(&rows[i].salt), span(&rows[i].secret), key.p);
    expect(rows[i].line, key.p, rows[i].key);
    assert_true(hkdf_expand(d, span(&key), span(&rows[i].info), out.p, out.n));
    expect(rows[i].line, out.p, rows[i].output);
  }
}

/* ---------------------------------------------------------------- RFC 8448 */

static const struct hkdf_label derived = {{"tls13 ", 6}, {"derived", 7}};

/* The secrets of section 3, from which the others are derived. */
#define EARLY "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a"
#define HANDSHAKE "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac"
#define MASTER "18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919"
#define CLIENT_HS "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21"
#define SERVER_HS "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38"
#define CLIENT_AP "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"
#define SERVER_AP "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"
#define RESUMPTION "7df235f2031d2a051287d02b0241b0bfdaf86cc856231f2d5aba46c434ec196c"
/* Its transcript, up to ServerHello, the server's Finished and the client's. */
#define TO_SERVER_HELLO "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8"
#define TO_SERVER_FINISHED "9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13"
#define TO_CLIENT_FINISHED "209145a96ee8e2a122ff810047cc952684658d6049e86429426db87c54ad143d"
/* Section 4, which resumes it. */
#define PSK "4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3"
#define EARLY_RESUMED "9b2188e9b2fc6d64d71dc329900e20bb41915000f678aa839cbb797cb7d8332c"
#define BINDER "69fe131a3bbad5d63c64eebcc30e395b9d8107726a13d074e389dbc8a4e47256"
#define NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void secrets_are_rfc_8448s(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *last, *input, *secret; /* NULL: none */
  } rows[] = {
      {__LINE__, NULL, NULL, EARLY},
      {__LINE__, EARLY, "8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d", HANDSHAKE},
      {__LINE__, HANDSHAKE, NULL, MASTER},
      {__LINE__, NULL, PSK, EARLY_RESUMED},
      {__LINE__, EARLY_RESUMED, "f44194756ff9ec9d25180635d66ea6824c6ab3bf179977be37f723570e7ccb2e",
       "005cb112fd8eb4ccc623bb88a07c64b3ede1605363fc7d0df8c7ce4ff0fb4ae6"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct bytes last = hex(rows[i].last ? rows[i].last : ""), input = hex(rows[i].input ? rows[i].input : "");
    unsigned char out[HKDF_DIGEST_MOST];
    struct str secret = rows[i].input ? span(&input) : (struct str){NULL, 0};
    assert_true(hkdf_next_secret(digest("SHA256"), span(&last), &derived, secret, out));
    expect(rows[i].line, out, rows[i].secret);
  }
}

static void labels_are_rfc_8448s(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *secret, *label, *context, *output;
  } rows[] = {
      {__LINE__, EARLY, "derived", NOTHING, "6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba"},
      {__LINE__, HANDSHAKE, "c hs traffic", TO_SERVER_HELLO, CLIENT_HS},
      {__LINE__, HANDSHAKE, "s hs traffic", TO_SERVER_HELLO, SERVER_HS},
      {__LINE__, HANDSHAKE, "derived", NOTHING, "43de77e0c77713859a944db9db2590b53190a65b3ee2e4f12dd7a0bb7ce254b4"},
      {__LINE__, SERVER_HS, "key", "", "3fce516009c21727d0f2e4e86ee403bc"},
      {__LINE__, SERVER_HS, "iv", "", "5d313eb2671276ee13000b30"},
      {__LINE__, SERVER_HS, "finished", "", "008d3b66f816ea559f96b537e885c31fc068bf492c652f01f288a1d8cdc19fc8"},
      {__LINE__, CLIENT_HS, "key", "", "dbfaa693d1762c5b666af5d950258d01"},
      {__LINE__, CLIENT_HS, "iv", "", "5bd3c71b836e0b76bb73265f"},
      {__LINE__, CLIENT_HS, "finished", "", "b80ad01015fb2f0bd65ff7d4da5d6bf83f84821d1f87fdc7d3c75b5a7b42d9c4"},
      {__LINE__, MASTER, "c ap traffic", TO_SERVER_FINISHED, CLIENT_AP},
      {__LINE__, MASTER, "s ap traffic", TO_SERVER_FINISHED, SERVER_AP},
      {__LINE__, MASTER, "exp master", TO_SERVER_FINISHED,
       "fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50"},
      {__LINE__, SERVER_AP, "key", "", "9f02283b6c9c07efc26bb9f2ac92e356"},
      {__LINE__, SERVER_AP, "iv", "", "cf782b88dd83549aadf1e984"},
      {__LINE__, CLIENT_AP, "key", "", "17422dda596ed5d9acd890e3c63f5051"},
      {__LINE__, CLIENT_AP, "iv", "", "5b78923dee08579033e523d9"},
      {__LINE__, MASTER, "res master", TO_CLIENT_FINISHED, RESUMPTION},
      {__LINE__, RESUMPTION, "resumption", "0000", PSK},
      {__LINE__, EARLY_RESUMED, "res binder", NOTHING, BINDER},
      {__LINE__, BINDER, "finished", "", "5588673e72cb59c87d220caffe94f2dea9a3b1609f7d50e90a48227db9ed7eaa"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct hkdf_label label = {derived.prefix, str_from(rows[i].label)};
    struct bytes secret = hex(rows[i].secret), context = hex(rows[i].context);
    unsigned char out[HKDF_DIGEST_MOST];
    size_t n = strlen(rows[i].output) / 2;
    assert_true(hkdf_expand_label(digest("SHA256"), span(&secret), &label, span(&context), out, n));
    expect(rows[i].line, out, rows[i].output);
  }
}

/* The Finished of both sides in section 3, and the binder of section 4. */
static void finished_is_rfc_8448s(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *key, *transcript, *finished;
  } rows[] = {
      {__LINE__, "b80ad01015fb2f0bd65ff7d4da5d6bf83f84821d1f87fdc7d3c75b5a7b42d9c4", TO_SERVER_FINISHED,
       "a8ec436d677634ae525ac1fcebe11a039ec17694fac6e98527b642f2edd5ce61"},
      {__LINE__, "5588673e72cb59c87d220caffe94f2dea9a3b1609f7d50e90a48227db9ed7eaa",
       "63224b2e4573f2d3454ca84b9d009a04f6be9e05711a8396473aefa01e924a14",
       "3add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct bytes key = hex(rows[i].key), transcript = hex(rows[i].transcript);
    unsigned char out[HKDF_DIGEST_MOST];
    struct hmac h;
    hmac_start(&h, digest("SHA256"), span(&key));
    hmac_update(&h, span(&transcript));
    hmac_finish(&h, out);
    expect(rows[i].line, out, rows[i].finished);
  }
}

/* ---------------------------------------------------------------- limits */

static void what_no_length_can_say_is_refused(void **state)
{
  (void)state;
  static unsigned char out[255 * HKDF_DIGEST_MOST + 1], next;
  static char long_text[300];
  const struct hkdf_digest *d = digest("SHA384");
  const struct str key = STR("key"), nothing = {NULL, 0};
  memset(long_text, 'x', sizeof long_text);
  const struct hkdf_label most = {derived.prefix, {long_text, 249}}, more = {derived.prefix, {long_text, 250}},
                          empty = {nothing, nothing};
  assert_true(hkdf_expand(d, key, nothing, out, sizeof out - 1));
  assert_false(hkdf_expand(d, key, nothing, out, sizeof out));
  assert_false(hkdf_expand(d, key, nothing, out, 0));
  assert_true(hkdf_expand_label(d, key, &most, str_make(long_text, 255), out, 48));
  assert_true(hkdf_expand_label(d, key, &empty, nothing, out, 48));
  assert_false(hkdf_expand_label(d, key, &more, nothing, out, 48));
  assert_false(hkdf_expand_label(d, key, &most, str_make(long_text, 256), out, 48));
  assert_false(hkdf_next_secret(d, key, &more, nothing, &next));
}

static void other_digests_are_not_ours(void **state)
{
  (void)state;
  static const char *const names[] = {"SHA1", "SHA512", "SHA2-512", "MD5", "", "SHA2-256 ", "SHA3-256"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    assert_null(hkdf_digest(names[i]));
  assert_int_equal(hkdf_digest_size(digest("SHA256")), 32);
  assert_int_equal(hkdf_block_size(digest("SHA256")), 64);
  assert_int_equal(hkdf_digest_size(digest("SHA384")), 48);
  assert_int_equal(hkdf_block_size(digest("SHA384")), 128);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hmac_is_rfc_4231s),          cmocka_unit_test(hkdf_is_rfc_5869s),
      cmocka_unit_test(secrets_are_rfc_8448s),      cmocka_unit_test(labels_are_rfc_8448s),
      cmocka_unit_test(finished_is_rfc_8448s),      cmocka_unit_test(what_no_length_can_say_is_refused),
      cmocka_unit_test(other_digests_are_not_ours),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
