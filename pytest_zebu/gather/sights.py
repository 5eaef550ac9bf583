"""What is asked of a page that stands in a browser: what it shows, when it was there, whether it fits a narrow screen."""

from __future__ import annotations

_SIGHT = r"""
  const above = one => one.parentElement || (one.getRootNode() instanceof ShadowRoot ? one.getRootNode().host : null);
  const nothing = (shape, box) => {
    const words = shape.slice(shape.indexOf("(") + 1).replace(")", "").split(/[\s,]+/);
    const lengths = (of) => words.map(word => parseFloat(word) * (word.endsWith("%") ? of / 100 : 1));
    if (shape.startsWith("rect(")) {
      const [top, right, bottom, left] = lengths(0);
      return right - (left || 0) <= 1 || bottom - (top || 0) <= 1;
    }
    if (shape.startsWith("inset(")) {
      const high = lengths(box.height), wide = lengths(box.width);
      return high[0] + (high[2] ?? high[0]) >= box.height - 1 || (wide[1] ?? wide[0]) + (wide[3] ?? wide[1] ?? wide[0]) >= box.width - 1;
    }
    return /^(circle|ellipse)\(0(px|%)?[ )]/.test(shape) || /^polygon\((0(px|%)? 0(px|%)?,? ?)+\)/.test(shape);
  };
  // The part of a box that can be seen, in the document's pixels, scrolled to or not; nothing if there is none.
  const visible = (one, box = one.getBoundingClientRect()) => {
    if (!one.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true })) return null;
    let [left, top, right, bottom] = [box.left + scrollX, box.top + scrollY, box.right + scrollX, box.bottom + scrollY];
    let place = "", isFixed = false, goesAlong = false;
    for (let up = one; up && !isFixed; up = above(up)) {
      const style = getComputedStyle(up), size = up.getBoundingClientRect();
      const isSkipped = up !== one && place === "absolute" && style.position === "static" && style.transform === "none";
      if (!isSkipped) {
        if (style.clip !== "auto" && /absolute|fixed/.test(style.position) && nothing(style.clip, size)) return null;
        if (style.clipPath !== "none" && nothing(style.clipPath, size)) return null;
        if (up !== document.body && up !== document.documentElement) {
          if (/auto|scroll/.test(style.overflowX + style.overflowY)) goesAlong = true;
          else if (style.overflowX !== "visible" && style.display !== "inline") {
            if (size.width <= 1 || size.height <= 1) return null;
            if (!goesAlong) {
              left = Math.max(left, size.left + scrollX); right = Math.min(right, size.right + scrollX);
              top = Math.max(top, size.top + scrollY); bottom = Math.min(bottom, size.bottom + scrollY);
            }
          }
        }
        place = style.position;
      }
      isFixed = style.position === "fixed";
    }
    const page = document.documentElement;
    const edge = isFixed ? [scrollX, scrollY, scrollX + page.clientWidth, scrollY + page.clientHeight] : [0, 0, Infinity, Infinity];
    if (right <= edge[0] || bottom <= edge[1] || left >= edge[2] || top >= edge[3]) return null;
    return right - left > 1 && bottom - top > 1 ? { left, top, right, bottom } : null;
  };
  const all = function* (root) {
    for (const one of root.querySelectorAll("*")) {
      yield one;
      if (one.shadowRoot) yield* all(one.shadowRoot);
    }
  };
  const texts = function* () {
    for (const one of all(document)) {
      if (/^(SCRIPT|STYLE|NOSCRIPT|TEMPLATE|HEAD|TITLE)$/.test(one.tagName) || one.closest("head")) continue;
      for (const part of one.childNodes) if (part.nodeType === 3 && part.data.trim()) yield [one, part];
    }
  };
  const boxOf = part => { const range = document.createRange(); range.selectNodeContents(part); return range.getBoundingClientRect(); };
"""
"""What others have in common: which part of an element is seen, also where style sheets hide it from the eye only."""

SHOWN = (
    r"""() => {"""
    + _SIGHT
    + r"""
  let words = "", controls = 0, pictures = 0, isBusy = false, looked = 0;
  for (const [one, part] of texts()) {
    if (words.length >= 400 || ++looked > 2000) break;
    if (visible(one, boxOf(part))) words += part.data.trim().replace(/\s+/g, " ").slice(0, 200) + " ";
  }
  looked = 0;
  for (const one of all(document.body || document)) {
    if (controls + pictures >= 50 || ++looked > 5000) break;
    const isControl = one.matches("a[href], button, input:not([type=hidden]), select, textarea");
    const isPicture = one.matches("img, svg, canvas, video, iframe, object, embed") || (one.tagName.includes("-") && !one.shadowRoot);
    const isWaiting = one.matches("[role=progressbar], [aria-busy=true]");
    if (!(isControl || isPicture || isWaiting)) continue;
    const box = visible(one);
    if (!box) continue;
    controls += isControl; isBusy ||= isWaiting;
    pictures += isPicture && box.right - box.left >= 16 && box.bottom - box.top >= 16;
  }
  const roots = ["root", "app", "__next", "__nuxt", "svelte"].map(id => document.getElementById(id));
  const root = roots.find(one => one && !one.firstElementChild && !one.shadowRoot && !one.textContent.trim());
  return { words: words.slice(0, 400), controls, pictures, busy: isBusy, empty: root ? root.id : "" };
}"""
)

TIMING = """() => {
  const load = performance.getEntriesByType("navigation")[0];
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return { load: load && load.loadEventEnd ? load.loadEventEnd : null, paint: paint ? paint.startTime : null };
}"""

# Targets and their exceptions: WCAG 2.2, 2.5.8. Spacing counts for what is as low as its line only: the checklist wants 24 px.
LAYOUT = (
    r"""() => {"""
    + _SIGHT
    + r"""
  const LEAST = 24, page = document.documentElement;
  const TARGETS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=link], [role=checkbox], [role=switch], [role=tab], [role=menuitem]";
  const found = [];
  for (const one of all(document)) {
    if (found.length >= 500) break;
    if (!one.matches(TARGETS) || one.matches(":disabled") || one.closest("[inert]")) continue;
    if (getComputedStyle(one).pointerEvents === "none") continue;
    const seen = visible(one);
    if (!seen) continue;
    let box = one.getBoundingClientRect();
    for (const label of one.labels || []) {
      const other = label.getBoundingClientRect();
      if (!visible(label)) continue;
      const left = Math.min(box.left, other.left), top = Math.min(box.top, other.top);
      box = new DOMRect(left, top, Math.max(box.right, other.right) - left, Math.max(box.bottom, other.bottom) - top);
    }
    found.push({ one, box: new DOMRect(box.left + scrollX, box.top + scrollY, box.width, box.height) });
  }
  const isSmall = box => box.width < LEAST || box.height < LEAST;
  // In a sentence: on the lines of its block are words beside those of targets.
  const blockOf = one => {
    while (one && getComputedStyle(one).display === "inline") one = above(one);
    return one;
  };
  const isInline = one => {
    const block = blockOf(one);
    if (!block || block === one) return false;
    const walk = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const part = walk.currentNode, parent = part.parentElement;
      if (/[\p{L}\p{N}]/u.test(part.data) && !parent.closest(TARGETS) && blockOf(parent) === block && visible(parent, boxOf(part))) return true;
    }
    return false;
  };
  // As large as the browser itself makes it, where no style sheet of the page reaches.
  const host = document.createElement("div");
  host.style.cssText = "all: initial; position: absolute; visibility: hidden; left: 0; top: 0";
  const shadow = host.attachShadow({ mode: "open" });
  const isNative = one => {
    if (!/^(BUTTON|INPUT|SELECT|TEXTAREA|SUMMARY)$/.test(one.tagName)) return false;
    const twin = one.cloneNode(true);
    twin.removeAttribute("style");
    host.style.font = getComputedStyle(above(one)).font;
    const made = document.createElement(one.tagName === "SUMMARY" ? "details" : "div");
    made.append(twin);
    shadow.replaceChildren(made);
    const own = one.getBoundingClientRect(), by = twin.getBoundingClientRect();
    return ["width", "height"].every(side => own[side] >= LEAST || Math.abs(own[side] - by[side]) <= 1);
  };
  const middle = box => [box.left + box.width / 2, box.top + box.height / 2];
  const isSpaced = here => {
    if (here.box.width < LEAST || !(here.one.matches("a, [role=link]") || here.one.labels?.length)) return false;
    const [x, y] = middle(here.box);
    return found.every(other => {
      if (other === here || other.one.contains(here.one) || here.one.contains(other.one)) return true;
      const [left, top] = middle(other.box);
      if (isSmall(other.box) && Math.hypot(left - x, top - y) < LEAST) return false;
      const across = Math.max(other.box.left - x, 0, x - other.box.right), down = Math.max(other.box.top - y, 0, y - other.box.bottom);
      return Math.hypot(across, down) >= LEAST / 2;
    });
  };
  const hasEqual = here => here.one.href && found.some(other => other !== here && other.one.href === here.one.href && !isSmall(other.box));
  // What answers to a finger may be larger than the box: a pseudo-element, or padding of a child.
  const answersAround = one => {
    one.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    const own = one.getBoundingClientRect(), [x, y] = middle(own), half = LEAST / 2 - 0.5;
    const points = [...(own.width < LEAST ? [[x - half, y], [x + half, y]] : []), ...(own.height < LEAST ? [[x, y - half], [x, y + half]] : [])];
    return points.every(([left, top]) => {
      const hit = one.getRootNode().elementFromPoint(left, top);
      return hit && (one.contains(hit) || [...(one.labels || [])].some(label => label.contains(hit)));
    });
  };
  document.body.append(host);
  const here = [scrollX, scrollY];
  const small = found.filter(({ one, box }) => isSmall(box) && !isInline(one) && !isNative(one))
    .filter(target => !isSpaced(target) && !hasEqual(target)).slice(0, 100).filter(({ one }) => !answersAround(one));
  host.remove();
  scrollTo({ left: here[0], top: here[1], behavior: "instant" });
  // Where the page cannot be moved sideways, what stands beyond its edge is lost.
  const styles = [getComputedStyle(page), getComputedStyle(document.body)];
  const isHeld = styles.some(style => /hidden|clip/.test(style.overflowX));
  let cut = "", looked = 0;
  for (const [one, part] of isHeld ? texts() : []) {
    if (cut || ++looked > 2000) break;
    const box = boxOf(part), seen = visible(one, box);
    if (!seen || seen.left >= page.clientWidth || seen.right <= page.clientWidth + 1) continue;
    let isInside = false;
    for (let up = one; up && up !== document.body && !isInside; up = above(up)) isInside = getComputedStyle(up).overflowX !== "visible";
    if (!isInside) cut = part.data.trim().slice(0, 60);
  }
  const viewport = [...document.querySelectorAll("meta[name=viewport i]")].at(-1);
  const said = ({ one, box }) => (one.textContent.trim() || one.getAttribute("aria-label") || one.name || one.tagName).trim().slice(0, 60) + " " + Math.round(box.width) + "x" + Math.round(box.height);
  return {
    wide: page.scrollWidth, inner: window.innerWidth, layout: page.clientWidth, held: isHeld, cut,
    viewport: viewport ? viewport.content : "", small: small.slice(0, 20).map(said),
  };
}"""
)
