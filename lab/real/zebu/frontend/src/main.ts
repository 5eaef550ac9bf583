import { greeting } from "./api";
import { loadClerk } from "./clerk";

function heading(text: string): HTMLElement {
  const made = document.createElement("h1");
  made.textContent = text;
  return made;
}

async function show(root: HTMLElement): Promise<void> {
  const main = document.createElement("main");
  const publishableKey = import.meta.env.VITE_CLERK_PUBLISHABLE_KEY;
  if (!publishableKey) {
    main.append(heading("Configuration Error"));
    root.replaceChildren(main);
    return;
  }
  const clerk = await loadClerk(publishableKey);
  const tagline = document.createElement("p");
  tagline.textContent = "Practise trading stocks with paper money.";
  const signIn = document.createElement("div");
  main.append(heading("PaperTrade"), tagline, signIn);
  root.replaceChildren(main);
  clerk.mountSignIn(signIn);
  document.body.dataset.api = await greeting();
}

const root = document.getElementById("root");
if (root !== null) void show(root);
