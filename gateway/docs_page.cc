#include "gateway/docs_page.h"

namespace cloudpos::gateway {

const char kLandingPage[] = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CloudPOS</title>
<link rel="stylesheet" href="/landing.css">
</head>
<body>
<main>
<h1>CloudPOS</h1>
<p>The gateway is running. No web app is installed here.</p>
<ul>
<li><a href="/api-docs/">API documentation</a></li>
<li><a href="/openapi.json">OpenAPI description</a></li>
<li><a href="/readyz">State of the parts</a></li>
</ul>
</main>
</body>
</html>
)html";

const char kLandingStyle[] = R"css(:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 40rem; margin: 10vh auto; padding: 0 1.5rem; }
)css";

const char kDocsPage[] = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CloudPOS API</title>
<link rel="stylesheet" href="/api-docs/swagger-ui.css">
<link rel="stylesheet" href="/api-docs/docs.css">
</head>
<body>
<div id="api"></div>
<noscript>This page needs JavaScript. The description itself:
<a href="/openapi.json">openapi.json</a></noscript>
<script src="/api-docs/swagger-ui-bundle.js"></script>
<script src="/api-docs/init.js"></script>
</body>
</html>
)html";

const char kDocsScript[] = R"js("use strict";
window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
  displayRequestDuration: true,
  docExpansion: "none",
  requestInterceptor: (request) => {
    request.headers["X-CloudPOS-Request"] = "docs";
    return request;
  },
});
)js";

// Swagger UI's greys are too light for WCAG AA.
const char kDocsStyle[] = R"css(body { margin: 0; background: #fff; }
.swagger-ui .opblock .opblock-summary-description,
.swagger-ui .parameter__type, .swagger-ui .parameter__in,
.swagger-ui .info .title small, .swagger-ui .tab li { color: #3b4151; }
.swagger-ui .btn.authorize { color: #1f6b45; border-color: #1f6b45; }
.swagger-ui .btn.authorize svg { fill: #1f6b45; }
.swagger-ui .opblock-summary-method { text-shadow: none; }
.swagger-ui .opblock.opblock-get .opblock-summary-method { background: #1c5fa8; }
.swagger-ui .opblock.opblock-post .opblock-summary-method { background: #1f6b45; }
.swagger-ui .opblock.opblock-patch .opblock-summary-method { background: #0f6b62; }
.swagger-ui .opblock.opblock-delete .opblock-summary-method { background: #b3261e; }
.swagger-ui .opblock.opblock-put .opblock-summary-method { background: #8a5300; }
)css";

}  // namespace cloudpos::gateway
