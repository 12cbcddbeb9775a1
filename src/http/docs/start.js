// Relative, so that it works behind a proxy that adds a prefix. The validator is another website, so it stays off.
window.ui = SwaggerUIBundle({
  url: "../openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  defaultModelsExpandDepth: -1,
  validatorUrl: "none",
  // The service that answers is the one that the page came from, and there is no other to choose.
  plugins: [{ wrapComponents: { ServersContainer: () => () => null } }],
});
