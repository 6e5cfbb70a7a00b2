/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of base/base64.c: the RFC's vectors, every length, and refusal of everything else. */
#include "../../harness/base/base64.h"
#include "../../harness/base/rng.h"
#include "../lib/check.h"

static void test_base64__rfc_4648_vectors(void **state)
{
    (void)state;
    static const char *const vectors[][2] = {{"", ""},
                                             {"f", "Zg=="},
                                             {"fo", "Zm8="},
                                             {"foo", "Zm9v"},
                                             {"foob", "Zm9vYg=="},
                                             {"fooba", "Zm9vYmE="},
                                             {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct buf buf;
        char back[16];
        size_t len;
        buf_init(&buf, 0);
        base64_add(&buf, str_of(vectors[i][0]));
        assert_true(str_eq(buf_str(&buf), str_of(vectors[i][1])));
        assert_true(base64_read(buf_str(&buf), back, &len));
        assert_true(str_eq((struct str){back, len}, str_of(vectors[i][0])));
        buf_release(&buf);
    }
}

static void test_base64__what_it_did_not_write_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "Z",    "Zg",       "Zg=",  "Zh==",   "Zm9=",         "=Zg=",
        "====", "Zg==Zg==", "Zm 9", "Zm9v\n", "Zm9v\n\n\n\n", "Z-_v"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char back[16];
        size_t len;
        assert_false(base64_read(str_of(wrong[i]), back, &len));
    }
}

/* Whatever four characters decode to, encoding gives the same four again. */
static void test_base64__reading_is_the_inverse_of_writing(void **state)
{
    (void)state;
    struct rng rng;
    struct buf buf;
    rng_init(&rng, 1, 0);
    buf_init(&buf, 0);
    for (int i = 0; i < 200000; i++) {
        static const char alphabet[] = "ABZaz059+/=\n";
        char four[4];
        char bytes[3];
        size_t len;
        for (int k = 0; k < 4; k++)
            four[k] = alphabet[rng_below(&rng, sizeof alphabet - 1)];
        if (!base64_read((struct str){four, 4}, bytes, &len))
            continue;
        buf_clear(&buf);
        base64_add(&buf, (struct str){bytes, len});
        assert_memory_equal(buf.ptr, four, 4);
    }
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64__rfc_4648_vectors),
        cmocka_unit_test(test_base64__what_it_did_not_write_is_refused),
        cmocka_unit_test(test_base64__reading_is_the_inverse_of_writing),
    };
    return cmocka_run_group_tests_name("base/base64", tests, NULL, NULL);
}
