// Unpacks the browser into TMPDIR and prints its path. The variable makes the package unpack the libraries it needs, too.
process.env.AWS_LAMBDA_JS_RUNTIME = "nodejs20.x";
const { default: chromium } = await import("@sparticuz/chromium");
console.log(await chromium.executablePath());
