#include "libs/base/clock.h"

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/faults/faults.h"

namespace cloudpos::base {
namespace {

// Writes `value` with leading zeros to the `width` characters at `out`.
void PutDigits(char* out, int width, int64_t value) {
  for (int i = width - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

// Takes decimal digits and separators off a text, noting whether all were as expected.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int Digits(size_t width) {
    int value = 0;
    for (size_t i = 0; i < width; ++i) {
      const char c = Next();
      if (c < '0' || c > '9') is_good_ = false;
      value = value * 10 + (c - '0');
    }
    return value;
  }
  char Next() {
    if (rest_.empty()) {
      is_good_ = false;
      return '0';
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  void Expect(char upper, char other) {
    const char c = Next();
    if (c != upper && c != other) is_good_ = false;
  }
  bool NextIs(char c) const { return !rest_.empty() && rest_.front() == c; }
  bool NextIsDigit() const { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }
  bool IsGoodSoFar() const { return is_good_; }
  bool IsGoodAndDone() const { return is_good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool is_good_ = true;
};

// The day, or nullopt when the calendar has no such day or the year is outside 0001..9999.
std::optional<absl::CivilDay> ScanDate(Scanner* scanner) {
  const int year = scanner->Digits(4);
  scanner->Expect('-', '-');
  const int month = scanner->Digits(2);
  scanner->Expect('-', '-');
  const int day = scanner->Digits(2);
  if (!scanner->IsGoodSoFar() || year < 1) return std::nullopt;
  const absl::CivilDay civil(year, month, day);  // normalises: 30 February becomes March
  if (civil.month() != month || civil.day() != day) return std::nullopt;
  return civil;
}

// Fraction of a second in nanoseconds, 0 when there is none.
int64_t ScanFraction(Scanner* scanner) {
  if (!scanner->NextIs('.')) return 0;
  scanner->Next();
  int64_t nanos = scanner->Digits(1);
  int digits = 1;
  for (; digits < 9 && scanner->NextIsDigit(); ++digits) nanos = nanos * 10 + scanner->Digits(1);
  for (; digits < 9; ++digits) nanos *= 10;
  return nanos;
}

// "Z" or "+01:00", as seconds east; nullopt when out of range.
std::optional<int> ScanOffset(Scanner* scanner) {
  const char sign = scanner->Next();
  if (sign == 'Z' || sign == 'z') return 0;
  if (sign != '+' && sign != '-') return std::nullopt;
  const int hours = scanner->Digits(2);
  scanner->Expect(':', ':');
  const int minutes = scanner->Digits(2);
  if (hours > 23 || minutes > 59) return std::nullopt;
  return (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

std::optional<absl::Time> ScanTime(std::string_view text) {
  Scanner scanner(text);
  const auto day = ScanDate(&scanner);
  if (!day) return std::nullopt;
  scanner.Expect('T', 't');
  const int hour = scanner.Digits(2);
  scanner.Expect(':', ':');
  const int minute = scanner.Digits(2);
  scanner.Expect(':', ':');
  const int second = scanner.Digits(2);
  const int64_t nanos = ScanFraction(&scanner);
  const auto offset = ScanOffset(&scanner);
  if (!scanner.IsGoodAndDone() || !offset) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const absl::CivilSecond civil(day->year(), day->month(), day->day(), hour, minute, second);
  return absl::FromCivil(civil, absl::UTCTimeZone()) - absl::Seconds(*offset) +
         absl::Nanoseconds(nanos);
}

// Only names as the IANA database has them: the loader itself would also open paths.
bool IsZoneName(std::string_view name) {
  if (name.size() > 64 || name.starts_with('/') || name.starts_with("Fixed/")) return false;
  if (name == "localtime" || name.find("..") != std::string_view::npos) return false;
  for (const char c : name) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_letter && !is_digit && c != '_' && c != '+' && c != '-' && c != '/') return false;
  }
  return true;
}

}  // namespace

absl::Time SystemClock::Now() const { return absl::Now() + absl::Seconds(CLOCK_SHIFT_SECONDS()); }

std::chrono::system_clock::time_point ToSystemTime(absl::Time time) {
  return absl::ToChronoTime(time - absl::Seconds(CLOCK_SHIFT_SECONDS()));
}

absl::Time FromSystemTime(std::chrono::system_clock::time_point time) {
  return absl::FromChrono(time) + absl::Seconds(CLOCK_SHIFT_SECONDS());
}

FakeClock::FakeClock() : FakeClock(absl::FromUnixSeconds(1767607200)) {}  // 2026-01-05T10:00:00Z

FakeClock::FakeClock(absl::Time start) : micros_(absl::ToUnixMicros(start)) {}

absl::Time FakeClock::Now() const { return absl::FromUnixMicros(micros_.load()); }

void FakeClock::Set(absl::Time time) { micros_.store(absl::ToUnixMicros(time)); }

void FakeClock::Advance(absl::Duration by) { micros_.fetch_add(absl::ToInt64Microseconds(by)); }

std::string FormatTime(absl::Time time) {
  const absl::TimeZone::CivilInfo info = absl::UTCTimeZone().At(time);
  std::string text = "0000-00-00T00:00:00.000000Z";
  PutDigits(text.data(), 4, info.cs.year());
  PutDigits(text.data() + 5, 2, info.cs.month());
  PutDigits(text.data() + 8, 2, info.cs.day());
  PutDigits(text.data() + 11, 2, info.cs.hour());
  PutDigits(text.data() + 14, 2, info.cs.minute());
  PutDigits(text.data() + 17, 2, info.cs.second());
  PutDigits(text.data() + 20, 6, absl::ToInt64Microseconds(info.subsecond));
  return text;
}

absl::StatusOr<absl::Time> ParseTime(std::string_view text, std::string_view field) {
  if (text.empty()) return Fail(common::v1::FIELD_REQUIRED, field, "is required");
  if (const auto time = ScanTime(text)) return *time;
  return Fail(common::v1::INVALID_ARGUMENT, field,
              "must be an RFC 3339 time such as 2026-01-05T10:00:00Z");
}

absl::CivilDay BusinessDate(absl::Time time, const absl::TimeZone& zone, int cutoff_minutes) {
  // Wall-clock arithmetic on purpose: a cut-off of 04:00 means the clock on the shop's wall.
  return absl::CivilDay(absl::CivilMinute(zone.At(time).cs) - cutoff_minutes);
}

std::string FormatDate(absl::CivilDay day) {
  std::string text = "0000-00-00";
  PutDigits(text.data(), 4, day.year());
  PutDigits(text.data() + 5, 2, day.month());
  PutDigits(text.data() + 8, 2, day.day());
  return text;
}

absl::StatusOr<absl::CivilDay> ParseDate(std::string_view text, std::string_view field) {
  if (text.empty()) return Fail(common::v1::FIELD_REQUIRED, field, "is required");
  Scanner scanner(text);
  const auto day = ScanDate(&scanner);
  if (day && scanner.IsGoodAndDone()) return *day;
  return Fail(common::v1::INVALID_ARGUMENT, field, "must be a date such as 2026-01-05");
}

absl::StatusOr<absl::TimeZone> LoadZone(std::string_view name, std::string_view field) {
  if (name.empty()) return Fail(common::v1::FIELD_REQUIRED, field, "is required");
  absl::TimeZone zone;
  if (IsZoneName(name) && absl::LoadTimeZone({name.data(), name.size()}, &zone)) return zone;
  return Fail(common::v1::INVALID_ARGUMENT, field,
              "must be an IANA time zone such as Europe/London");
}

}  // namespace cloudpos::base
