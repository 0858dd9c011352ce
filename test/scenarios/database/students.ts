// Students whose heartbeats, of Socket.IO and of the raw dialect, are each answered with a total or with SERVER_ERROR.
import { eventually } from "../../support/eventually.ts";
import { type Address, type Listener, listen, listenRaw } from "../nodes.ts";
import type { Ledger, Outcome } from "./ledger.ts";
import { isServerError } from "./publishers.ts";

/** The course that they all take. */
export const COURSE = "c1";

/** What a heartbeat is answered with, over either transport. */
interface Answer {
  readonly status: string;
  readonly studyTime: number;
}

/** Starts them. @returns what disconnects them */
export async function startStudents(server: Address, ledger: Ledger): Promise<() => void> {
  const note = (user: string, { status, studyTime }: Answer): Outcome => {
    if (status !== "success") return "refused";
    ledger.totals.set(user, Math.max(studyTime, ledger.totals.get(user) ?? 0));
    return "acknowledged";
  };
  const students: Listener[] = [];

  for (const user of ["a0", "a1", "a2", "a3", "a4"]) {
    const student = await listen(server, "/study-time", user, { courseId: COURSE });
    students.push(student);
    ledger.caller("heartbeat", async () => {
      const answer = await student.socket.emitWithAck("heartbeat", {});
      const refusal = answer.ok === false && answer.status === "error" && isServerError(answer);
      return answer.ok === true || refusal ? note(user, answer) : JSON.stringify(answer);
    });
  }

  for (const user of ["b0", "b1"]) {
    const student = await listenRaw(server, `/api/study-time?userId=${user}&courseId=${COURSE}`, user);
    students.push(student);
    const answers = () => student.heard.filter(({ name }) => name === "heartbeat_response");
    ledger.caller("raw heartbeat", async () => {
      const before = answers().length;
      student.send({ type: "heartbeat" });
      const [answer] = await eventually(() => (answers().length > before ? answers().slice(before) : false), {
        timeoutMs: 20_000,
      });
      const refusal = answer?.body.status === "error" && isServerError({ error: answer.body });
      return answer?.body.status === "success" || refusal ? note(user, answer?.body) : JSON.stringify(answer);
    });
  }
  return () => {
    for (const student of students) student.close();
  };
}
