import { backendAnswers } from "./api";
import { pageAt } from "./routes";

declare const CLERK_PUBLISHABLE_KEY: string;

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  text: string,
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function show(): void {
  const root = document.getElementById("root");
  if (root === null) throw new Error("the page has no root");
  const page = pageAt(location.pathname);
  const main = document.createElement("main");
  if (CLERK_PUBLISHABLE_KEY === "") {
    main.append(element("h1", "Configuration Error"));
  } else if (page === undefined) {
    main.append(element("h1", "Page not found"));
  } else {
    main.append(element("h1", "Zebu"), element("p", "Practise trading without risk."));
    const button = element("button", "Sign in");
    button.type = "button";
    main.append(button);
  }
  root.replaceChildren(main);
}

show();
backendAnswers().then((answers) => {
  document.body.dataset.backend = answers ? "up" : "down";
});
