/* Filters, searches, copies, and opens what a link leads to. The page is whole without it. */
(() => {
  "use strict";
  const report = document.getElementById("zebu-report");
  const form = report.querySelector("form.filters");
  const count = form.querySelector("[role=status]");
  const items = [...report.querySelectorAll("li.item")];
  const chapters = [...report.querySelectorAll(".chapter, .checklist")];
  const NAMES = ["q", "host", "outcome", "stage", "category", "by"].filter((name) => form.elements[name]);
  const OPEN = ["failed", "not_assessed"];
  const texts = new Map();
  document.documentElement.classList.add("js");

  const text = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };

  const fits = (item, asked) =>
    asked.q.toLowerCase().split(/\s+/).every((word) => text(item).includes(word)) &&
    (!asked.host || item.dataset.host === asked.host) &&
    (!asked.outcome ||
      (asked.outcome === "open" ? OPEN.includes(item.dataset.outcome) : item.dataset.outcome === asked.outcome)) &&
    (!asked.stage || item.dataset.stage === asked.stage) &&
    (!asked.category || item.dataset.category === asked.category) &&
    (!asked.by || item.dataset.by.split(" ").includes(asked.by));

  const asked = () => Object.fromEntries(NAMES.map((name) => [name, form.elements[name].value]));

  const apply = () => {
    const wanted = asked();
    let shown = 0;
    for (const item of items) {
      const is_shown = fits(item, wanted);
      item.classList.toggle("off", !is_shown);
      shown += is_shown;
    }
    for (const chapter of chapters) chapter.classList.toggle("off", !chapter.querySelector("li.item:not(.off)"));
    count.textContent = `${shown} of ${items.length} items`;
  };

  const address = () => {
    const told = new URLSearchParams(Object.entries(asked()).filter(([, value]) => value)).toString();
    const here = location.href.split("#")[0];
    history.replaceState(null, "", `${here}${told && `#${told}`}`);
  };

  const fill = (told) => {
    for (const name of NAMES) {
      const field = form.elements[name];
      field.value = told.get(name) ?? "";
      if (field.selectedIndex < 0) field.selectedIndex = 0;
    }
    apply();
  };

  const draw = () => {
    const held = document.getElementById("pytest-html-script");
    if (!held) return;
    const here = location.href;
    const script = document.createElement("script");
    script.textContent = held.textContent;
    held.replaceWith(script);
    history.replaceState(null, "", here); // it writes its own words into the address
  };

  const reveal = (target) => {
    const item = target.closest("li.item");
    const was_there = target.getClientRects().length > 0;
    if (item?.classList.contains("off")) fill(new URLSearchParams());
    if (target.matches("section")) target.querySelector(":scope > details").open = true;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    const place = item ?? target;
    place.scrollIntoView();
    // What was there got the browser's own focus, which may have gone on by now.
    if (item || !was_there) (item?.querySelector("summary") ?? target).focus({ preventScroll: true });
  };

  const follow = () => {
    let name = location.hash.slice(1);
    try {
      name = decodeURIComponent(name);
    } catch {
      // it is no name then
    }
    const target = name && document.getElementById(name);
    if (target) reveal(target);
    else if (name.includes("=")) {
      fill(new URLSearchParams(location.hash.slice(1)));
      form.scrollIntoView();
    }
  };

  const copy = async (button) => {
    const code = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      const range = document.createRange();
      range.selectNodeContents(code);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    apply();
    address();
  });
  form.addEventListener("reset", () =>
    setTimeout(() => {
      apply();
      address();
    }),
  );
  report.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.matches(".copy")) copy(button);
    if (button?.name === "all" || button?.name === "none") {
      for (const item of items) item.querySelector("details").open = button.name === "all";
    }
    // A link to where the address is already changes nothing, and leads there all the same.
    const link = event.target.closest("a[href^='#']");
    if (link && link.hash === location.hash) follow();
  });
  addEventListener("hashchange", () => {
    if (!location.hash) fill(new URLSearchParams()); // back to where nothing was chosen
    follow();
  });
  document.querySelector(".guest > details")?.addEventListener("toggle", draw);

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...report.querySelectorAll("details:not([open])")];
    for (const fold of folded) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of folded) fold.open = false;
    folded = [];
  });
  apply();
  follow();
})();
