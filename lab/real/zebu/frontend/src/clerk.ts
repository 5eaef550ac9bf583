/** The sign-in provider's script, as far as this page uses it. */
export type Clerk = {
  load(): Promise<void>;
  mountSignIn(element: HTMLElement): void;
};

declare global {
  interface Window {
    Clerk?: Clerk;
  }
}

/** The provider's host stands in the publishable key: base64 behind the prefix, with a final $. */
function hostOf(publishableKey: string): string {
  return atob(publishableKey.replace(/^pk_(live|test)_/, "")).replace(/\$$/, "");
}

/** Load the script; who waits for it waits for ever where it does not come. */
export function loadClerk(publishableKey: string): Promise<Clerk> {
  return new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = `https://${hostOf(publishableKey)}/npm/@clerk/clerk-js@5/dist/clerk.browser.js`;
    script.async = true;
    script.onload = async () => {
      if (window.Clerk === undefined) return;
      await window.Clerk.load();
      resolve(window.Clerk);
    };
    document.head.append(script);
  });
}
