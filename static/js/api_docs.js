// Starts swagger-ui on the page of the API; a script of its own, because the page allows none inside.
const place = document.getElementById("api-docs");

window.SwaggerUIBundle({
  dom_id: "#api-docs",
  url: place.dataset.schema,
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor(request) {
    if (new URL(request.url, location.href).origin === location.origin) {
      request.headers["X-CSRFToken"] = place.dataset.csrf;
    }
    return request;
  },
});
