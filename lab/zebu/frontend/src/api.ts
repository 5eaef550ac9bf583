/** The backend's address, fixed when the page is built. */

declare const API_BASE_URL: string;

export function addressOf(path: string, base: string = API_BASE_URL): string {
  return `${base.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`;
}

/** Whether the backend answers; a refusal for want of a login is an answer. */
export async function backendAnswers(): Promise<boolean> {
  const answer = await fetch(addressOf("/"));
  return answer.ok;
}
