#pragma once

// The few pages that are the gateway's own. Scripts and styles are files of their own, since the
// content policy allows nothing inline.

namespace cloudpos::gateway {

extern const char kLandingPage[];
extern const char kLandingStyle[];
extern const char kDocsPage[];
extern const char kDocsScript[];
extern const char kDocsStyle[];

}  // namespace cloudpos::gateway
