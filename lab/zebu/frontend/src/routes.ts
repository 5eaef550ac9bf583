/** The pages of the application, by their address. */

export type Page = { title: string };

const PAGES: ReadonlyArray<[RegExp, Page]> = [
  [/^\/dashboard$/, { title: "Dashboard" }],
  [/^\/portfolio\/[^/]+(\/analytics)?$/, { title: "Portfolio" }],
  [/^\/strategies$/, { title: "Strategies" }],
  [/^\/activity$/, { title: "Activity" }],
  [/^\/settings\/api-keys$/, { title: "API keys" }],
];

/** The page at a path; `/` leads to the dashboard, an unknown path to nothing. */
export function pageAt(path: string): Page | undefined {
  const wanted = path === "/" ? "/dashboard" : path;
  return PAGES.find(([pattern]) => pattern.test(wanted))?.[1];
}
