// SHA-256 by the SHA extensions of x86-64; elsewhere (WebAssembly) the portable code runs.
#include "libs/journal/sha256_blocks.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

namespace cloudpos::journal {
namespace {

bool Detect() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_SSE4_1) == 0 || (c & bit_SSSE3) == 0) {
    return false;
  }
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
}

}  // namespace

bool HasShaInstructions() {
  static const bool has = Detect();
  return has;
}

__attribute__((target("sha,sse4.1,ssse3"))) void CompressNative(const std::uint8_t* blocks,
                                                                std::size_t count,
                                                                Sha256State* state) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  auto* words = reinterpret_cast<__m128i*>(state->data());
  const auto* rounds = reinterpret_cast<const __m128i*>(kSha256Round.data());
  // The instructions want the state as ABEF and CDGH.
  const __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128(words), 0xb1);
  const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(words + 1), 0x1b);
  __m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
  __m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
  for (; count > 0; --count, blocks += 64) {
    const __m128i abef_before = abef;
    const __m128i cdgh_before = cdgh;
    __m128i w[4];
    for (int i = 0; i < 4; ++i) {
      const auto* block = reinterpret_cast<const __m128i*>(blocks) + i;
      w[i] = _mm_shuffle_epi8(_mm_loadu_si128(block), big_endian);
    }
#pragma GCC unroll 16
    for (int g = 0; g < 16; ++g) {
      __m128i& current = w[g % 4];
      const __m128i& last = w[(g + 3) % 4];
      __m128i sum = _mm_add_epi32(current, _mm_loadu_si128(rounds + g));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      sum = _mm_shuffle_epi32(sum, 0x0e);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, sum);
      // The four words that come four groups later.
      const __m128i shifted = _mm_alignr_epi8(last, w[(g + 2) % 4], 4);
      const __m128i mixed = _mm_sha256msg1_epu32(current, w[(g + 1) % 4]);
      current = _mm_sha256msg2_epu32(_mm_add_epi32(mixed, shifted), last);
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128(words, _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(words + 1, _mm_alignr_epi8(dchg, feba, 8));
}

}  // namespace cloudpos::journal

#else

namespace cloudpos::journal {

bool HasShaInstructions() { return false; }

void CompressNative(const std::uint8_t* blocks, std::size_t count, Sha256State* state) {
  CompressPortable(blocks, count, state);
}

}  // namespace cloudpos::journal

#endif
