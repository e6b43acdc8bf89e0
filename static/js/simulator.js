// The simulator: each bound has a slider on a logarithmic scale beside its number. The number is what is sent; htmx asks
// for the answer while it changes and drops the request before. Without scripts the numbers and a button remain.

const LOW = 1e3;
const HIGH = 1e8;
const STEPS = 250;
// Milliseconds between answers while a bound is being dragged.
const PAUSE = 150;
const SPAN = Math.log(HIGH / LOW);

const numberOf = (text) => Number(text.replace(/[,，\s]/g, ""));
const placeOf = (amount) => Math.round((Math.log(Math.min(Math.max(amount, LOW), HIGH) / LOW) / SPAN) * STEPS);

// Round numbers, as one would write into a policy; each step of the slider, about a twentieth, gives another.
function amountAt(place) {
  const amount = LOW * Math.exp((place / STEPS) * SPAN);
  const unit = 10 ** (Math.floor(Math.log10(amount)) - 1) / 2;
  return Math.round(amount / unit) * unit;
}

const fieldOf = (slider) => document.getElementById(slider.dataset.boundSlider);

function follow(slider) {
  const amount = numberOf(fieldOf(slider).value);
  if (Number.isFinite(amount)) slider.value = String(placeOf(amount));
  slider.setAttribute("aria-valuetext", fieldOf(slider).value);
}

// A bound is dragged up to its neighbours and no further.
function between(sliders, slider, amount) {
  const at = sliders.indexOf(slider);
  const below = at > 0 ? numberOf(fieldOf(sliders[at - 1]).value) : 0;
  const above = at + 1 < sliders.length ? numberOf(fieldOf(sliders[at + 1]).value) : Infinity;
  return Math.min(Math.max(amount, below + 1), above - 1);
}

function start(form) {
  const sliders = [...form.querySelectorAll("[data-bound-slider]")];
  let shown = 0;
  for (const slider of sliders) {
    slider.hidden = false;
    follow(slider);
    // Before the event bubbles to the form, where htmx answers once it pauses; "dragged" answers on the way, too.
    slider.addEventListener("input", () => {
      const amount = between(sliders, slider, amountAt(Number(slider.value)));
      fieldOf(slider).value = amount.toLocaleString("en", { useGrouping: true });
      slider.setAttribute("aria-valuetext", fieldOf(slider).value);
      if (performance.now() - shown < PAUSE) return;
      shown = performance.now();
      form.dispatchEvent(new CustomEvent("dragged"));
    });
    fieldOf(slider).addEventListener("input", () => follow(slider));
  }
}

for (const form of document.querySelectorAll("form[data-simulator]")) start(form);
