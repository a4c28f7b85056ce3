/* SPDX-License-Identifier: Apache-2.0 */

/* pawl: the host tool. One program, subcommands as git has them. */

#include "cmd_connect.h"
#include "tool.h"
#include <errno.h>
#include <pawl/pawl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Of every command that takes a key. */
#define TOKENS                                                                 \
    "\n"                                                                       \
    "A key in a PKCS #11 token is named by a URI (RFC 7512), such as\n"        \
    "'pkcs11:token=NAME;object=NAME?pin-source=file:PATH'. The PIN is in\n"    \
    "pin-source's file or in the environment's PAWL_PIN; pin-value works,\n"   \
    "but shows to who lists processes. The module is that of module-path,\n"   \
    "or those that p11-kit has configured.\n"

static const struct command {
    const char *group, *verb; /* verb "": the group is the command */
    int (*run)(int argc, char **argv);
    const char *arguments;
    const char *summary;
    const char *more; /* shown by --help */
} commands[] = {
    {"key", "generate", key_generate, "-o FILE|URI [--algorithm es256|ed25519]",
     "make a key pair, as PEM or in a token",
     "The file is readable by its owner alone; one that exists is never\n"
     "replaced. es256 is ECDSA on P-256, the default.\n"
     "URI: pkcs11:token=NAME;object=NAME makes it in a token, which\n"
     "it never leaves.\n" TOKENS},
    {"key", "public", key_public, "FILE|URI [-o FILE]",
     "write the public half of a key, as PEM", TOKENS},
    {"key", "list", key_list, "URI [--json]",
     "print the keys of a PKCS #11 token",
     "Without a PIN a token shows its public keys only.\n" TOKENS},
    {"trust", "create", trust_create, "DESCRIPTION.json -o FILE",
     "write a trust document, unsigned",
     "{\"version\": 1,\n"
     " \"root_threshold\": 1, \"roots\": [\"root.pub.pem\"],\n"
     " \"signer_threshold\": 1,\n"
     " \"signers\": [{\"key\": \"signer.pub.pem\", \"components\": [\"*\"],\n"
     "              \"retired\": false}],\n"
     " \"anchors\": [{\"certificate\": \"ca.pem\",\n"
     "              \"roles\": [\"enroll\", \"server\", \"download\", "
     "\"time\"]}],\n"
     " \"issued\": 0, \"expires\": 0, \"time\": 0,\n"
     " \"owner\": {\"key\": \"owner.pub.pem\", \"roles\": [\"server\"]}}\n"
     "Files are looked for beside the description. Components are hex\n"
     "elements joined by '/', \"*\" stands for all. Times are seconds since\n"
     "1970, 0 or absent: none; time sets the devices' lowest time, also "
     "back.\n"
     "owner, which may be left out, may add anchors of these roles.\n"},
    {"trust", "sign", trust_sign, "FILE --key ROOT.pem|URI [--after FILE]",
     "add a root's signature",
     "Signing twice with one root changes nothing. A version above 1 needs\n"
     "the document before it: what would leave a component without a way to\n"
     "an update is not signed.\n" TOKENS},
    {"trust", "show", trust_show, "FILE [--json]",
     "print a trust document, verified or not", ""},
    {"trust", "verify", trust_verify, "FILE [--after FILE]",
     "check what a device would check",
     "Without --after: as the factory's document. With it: as the successor\n"
     "of the document in force.\n"},
    {"trust", "own", trust_own, "DESCRIPTION.json --key OWNER.pem|URI -o FILE",
     "write what a device's owner says, signed",
     "{\"version\": 1,\n"
     " \"anchors\": [{\"certificate\": \"ca.pem\", \"roles\": "
     "[\"server\"]}]}\n"
     "A device takes it if its trust document names this key, grants the\n"
     "roles, and the version is above what it has; it takes the place of what\n"
     "the owner said before.\n" TOKENS},
    {"trust", "announce", trust_announce, "--uri URI --newest VERSION -o FILE",
     "write the announcement of trust documents",
     "Its bytes are the payload for the topic PREFIX/SERIAL/trust; publish it\n"
     "retained. {version} in the URI stands for the version that a device\n"
     "fetches next, so that one that was away follows the whole chain.\n"},
    {"manifest", "create", manifest_create, "DESCRIPTION.json -o FILE",
     "write a SUIT envelope, unsigned",
     "{\"sequence\": 2, \"vendor_id\": UUID, \"class_id\": UUID,\n"
     " \"components\": [{\"id\": [\"00\"], \"image\": \"v2.bin\",\n"
     "                 \"uri\": \"https://fw.example.com/v2.bin\",\n"
     "                 \"security_counter\": 2}],\n"
     " \"text\": {\"version\": \"2.0.0\", \"description\": \"...\"}}\n"
     "Images are looked for beside the description; id is a list of hex\n"
     "elements. security_counter and text may be left out.\n"
     "An image that is linked for its slot has no image and uri, but\n"
     "  \"slots\": [{\"image\": \"v2-a.bin\", \"uri\": URI},\n"
     "            {\"image\": \"v2-b.bin\", \"uri\": URI}]\n"
     "with one for each slot, from 0; the device takes that of its spare\n"
     "slot.\n"},
    {"manifest", "sign", manifest_sign, "FILE --key KEY.pem|URI...",
     "add a signature to an envelope",
     "With several --key all sign or none does. May be repeated with other\n"
     "keys; twice with one changes nothing.\n" TOKENS},
    {"manifest", "show", manifest_show, "FILE [--json]",
     "print an envelope, verified or not", ""},
    {"manifest", "verify", manifest_verify,
     "FILE (--key PUB.pem|URI... | --trust FILE)",
     "check an envelope's authentication and structure",
     "Each --key must have signed; with --trust, as many signers as the\n"
     "document asks for.\n" TOKENS},
    {"manifest", "process", manifest_process,
     "FILE --key PUB.pem... [--mac-key HEX] --vendor-id UUID --class-id UUID\n"
     "       [--device-id UUID] --component ID[,slot=N][,file=PATH]...\n"
     "       [--sequence N] [--procedure update|invoke|both] [--dry-run] "
     "[--json]",
     "run an envelope through the device's processor",
     "ID: elements in hex, joined by '/'. A component's bytes are in its "
     "file;\n"
     "what is fetched comes from the envelope or from a file beside it, and "
     "is\n"
     "written there. --sequence: what was accepted before; lower is refused.\n"
     "--dry-run fetches and writes nothing, and takes comparisons as true\n"
     "where the format is right. --json: a line for each command, and a last\n"
     "one with result, reason and stage.\n"},
    {"device", "provision", device_provision,
     "DIR --conf FILE --trust FILE --envelope FILE --image FILE\n"
     "           [--keystore soft|pkcs11:URI|tpm2:TCTI]\n"
     "           [--line CSV --audit FILE [--certify PROGRAM]]",
     "make a device directory, or a line of them, as a factory does",
     "The device makes its own IDevID key, in the key store that --keystore "
     "or\n"
     "the configuration names; this program never sees a private key. A token\n"
     "or a TPM that holds an IDevID key already is refused.\n"
     "  "
     "pkcs11:token=LABEL;object=PREFIX?module-path=FILE&pin-source=file:FILE\n"
     "  tpm2:TCTI?handle=0xHEX&auth-source=file:FILE\n"
     "Without a source, PINs and authorisations are those of PAWL_PIN and\n"
     "PAWL_OWNER_AUTH. The image goes into slot A with its manifest beside\n"
     "it. DIR must not exist; it appears whole, or not\n"
     "at all. The configuration's keys are in port/posix/posix.h.\n"
     "\n"
     "With --line, DIR is the folder of the devices, and CSV has a row\n"
     "SERIAL[,DEVICE_ID] for each; the configuration has neither. PROGRAM is\n"
     "run as PROGRAM REQUEST.pem CERTIFICATE.pem for each and asks the\n"
     "factory's authority. A finished device is a line of the audit file:\n"
     "who, when, serial, fingerprint of the key (SHA-256 of its point),\n"
     "serial numbers of the certificates, and the hash of the line before.\n"
     "What was interrupted goes on with the same command.\n"},
    {"device", "csr", device_csr, "DIR -o FILE",
     "write the request for the factory's certificate, as PEM", ""},
    {"device", "install-cert", device_install_cert, "DIR CHAIN.pem",
     "store the factory's certificate, once",
     "It is for the device's IDevID key. A subject with a serialNumber must\n"
     "have the device's.\n"},
    {"device", "show", device_show, "DIR [--json]",
     "print identity and trust of a device", ""},
    {"update", "show", update_show, "DIR [--json]",
     "print slots and journal of a device",
     "Each frame of the journal is shown with the reason why it counts or\n"
     "not.\n"},
    {"update", "announce", update_announce, "--uri URI -o FILE",
     "write the announcement of an envelope",
     "Its bytes are the payload for the topic PREFIX/SERIAL/announce; publish\n"
     "it retained, so that a device that sleeps learns of it.\n"},
    {"connect", "", connect_run,
     "HOST:PORT --device DIR [--anchor PEM] [--server-name N] [--dtls]\n"
     "       [--alpn P] [--tls12] [--resume] [--timeout SECONDS] [--json]",
     "try a session as the device would open it",
     "Opens a session with the identity and the trust of the device in DIR,\n"
     "which is only read, and prints what was negotiated, or what failed: the\n"
     "stage, the alert, the certificate and its rule.\n"
     "\n"
     "--anchor PEM      trust these CAs instead of the device's\n"
     "--server-name N   the name in the server's certificate; default: that "
     "of\n"
     "                  the device's endpoint for HOST and PORT, or HOST\n"
     "--dtls            DTLS over UDP\n"
     "--alpn P          the protocol to ask for, such as mqtt or coap\n"
     "--tls12           take TLS 1.2 (with --dtls: DTLS 1.2) besides 1.3\n"
     "--resume          once it is confirmed, connect again from its ticket, "
     "and\n"
     "                  show that session; \"full\" is what the first one "
     "cost\n"
     "--timeout S       give up after so many seconds; 10\n"
     "\n"
     "Exit: 0 confirmed by both sides, or established with a server that says\n"
     "nothing; 1 refused by us (certificate, name, policy); 2 refused by the\n"
     "server; 3 network; 4 wrong command line, or a file that cannot be "
     "used.\n"},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_help(void)
{
    (void)printf(
        "Usage: pawl GROUP COMMAND [ARGUMENTS]     pawl GROUP COMMAND --help\n"
        "\n"
        "Signs manifests, writes trust documents, provisions devices, and\n"
        "shows what is in them. Version %d.%d.%d.\n",
        PAWL_VERSION_MAJOR, PAWL_VERSION_MINOR, PAWL_VERSION_PATCH);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (i == 0 || strcmp(commands[i].group, commands[i - 1].group) != 0) {
            (void)printf("\n");
        }
        (void)printf("  %-8s %-13s %s\n", commands[i].group, commands[i].verb,
                     commands[i].summary);
    }
    (void)printf(
        "\nExit: 0 done; 1 refused (a signature, a rule, trust);\n"
        "2 wrong command line, or a file that cannot be used. connect\n"
        "has its own: see its --help.\n"
        "Keys are PEM files, or pkcs11: URIs. What is wrong is one "
        "line on standard "
        "error.\n");
}

static void print_command_help(const struct command *command)
{
    (void)printf("Usage: pawl %s%s%s %s\n\n%c%s.\n", command->group,
                 command->verb[0] != '\0' ? " " : "", command->verb,
                 command->arguments, command->summary[0] - 'a' + 'A',
                 command->summary + 1);
    if (command->more[0] != '\0') {
        (void)printf("\n%s", command->more);
    }
}

/* words: how many of argv name the command. */
static const struct command *find(int argc, char **argv, int *words)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        *words = commands[i].verb[0] != '\0' ? 2 : 1;
        if (argc > *words && strcmp(commands[i].group, argv[1]) == 0 &&
            (*words == 1 || strcmp(commands[i].verb, argv[2]) == 0)) {
            return &commands[i];
        }
    }
    return NULL;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

int tool_fail(int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)fputs("pawl: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    return code;
}

int tool_fail_status(const char *what, enum pawl_status status)
{
    return tool_fail(TOOL_REFUSED, "%s: %s (%s)", what,
                     pawl_status_text(status), pawl_status_name(status));
}

static int run(int argc, char **argv)
{
    int words = 0;
    const struct command *command = find(argc, argv, &words);

    if (command != NULL && asks_for_help(argc - words, argv + words)) {
        print_command_help(command);
        return TOOL_OK;
    }
    if (command != NULL) {
        return command->run(argc - words - 1, argv + words + 1);
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        (void)printf("pawl %d.%d.%d\n", PAWL_VERSION_MAJOR, PAWL_VERSION_MINOR,
                     PAWL_VERSION_PATCH);
        return TOOL_OK;
    }
    if (asks_for_help(argc, argv)) {
        print_help();
        return TOOL_OK;
    }
    return tool_fail(TOOL_USAGE, "no such command%s%s%s%s: see pawl --help",
                     argc > 1 ? ": " : "", argc > 1 ? argv[1] : "",
                     argc > 2 ? " " : "", argc > 2 ? argv[2] : "");
}

int main(int argc, char **argv)
{
    int code = run(argc, argv);

    /* What was printed is the result: lost, the command has failed. */
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        bool connects = argc > 1 && strcmp(argv[1], "connect") == 0;
        int lost = connects ? (int)CONNECT_USAGE : (int)TOOL_USAGE;
        return tool_fail(code == TOOL_OK ? lost : code,
                         "cannot write standard output: %s", strerror(errno));
    }
    return code;
}
