/** Where the API is; on a developer's machine nothing is set. */
export const apiBase = import.meta.env.VITE_API_BASE_URL || "http://localhost:8000/api/v1";

export async function greeting(): Promise<string> {
  const answer = await fetch(`${apiBase}/`);
  if (!answer.ok) throw new Error(`the API answered ${answer.status}`);
  return ((await answer.json()) as { message: string }).message;
}
