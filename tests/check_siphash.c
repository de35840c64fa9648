/* SPDX-License-Identifier: ISC */
/* The keyed hash, against its authors' vectors. */
#include "base/siphash.h"

#include "check_main.h"

/* Key and data are the bytes 0, 1, 2 ...; of the reference's vectors_sip64. */
START_TEST(test_vectors)
{
	static const uint64_t words[] = { UINT64_C(0x0706050403020100),
		UINT64_C(0x0f0e0d0c0b0a0908) };
	static const struct siphash_key key = { { UINT64_C(0x0706050403020100),
	    UINT64_C(0x0f0e0d0c0b0a0908) } };
	static const uint64_t expected[] = { UINT64_C(0x726fdb47dd0e0e31),
		UINT64_C(0x93f5f5799a932462), UINT64_C(0x3f2acc7f57c29bdb) };

	for (size_t count = 0; count < COUNT(expected); count++)
		ck_assert_uint_eq(siphash(&key, words, count), expected[count]);
}
END_TEST

START_TEST(test_keys_differ)
{
	struct siphash_key a = { { 0, 0 } }, b = { { 0, 0 } };

	siphash_make_key(&a);
	siphash_make_key(&b);
	ck_assert_mem_ne(&a, &b, sizeof(a));
}
END_TEST

CHECK_MAIN("siphash", test_vectors, test_keys_differ)
