// TLS: who is believed, and who says who it is.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "base/temporary_directory.h"
#include "net/http/client.h"

namespace leat::net {
namespace {

// A key and a certificate that is its own authority, as PEM files.
struct Identity {
  std::string certificate_file;
  std::string key_file;
};

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using File = std::unique_ptr<FILE, decltype(&fclose)>;

void add_entry(X509* certificate, const char* name) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(certificate, subject);
}

// For the address 127.0.0.1 and no name. The key is encrypted where there is a password.
Identity make_identity(const Path& directory, const std::string& name,
                       const std::string& password = "") {
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 24L * 3600);
  X509_set_pubkey(certificate.get(), key.get());
  add_entry(certificate.get(), name.c_str());
  X509_EXTENSION* address =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
  X509_add_ext(certificate.get(), address, -1);
  X509_EXTENSION_free(address);
  EXPECT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);

  const Identity identity{(directory / (name + ".pem")).native(),
                          (directory / (name + ".key")).native()};
  const File certificate_file(fopen(identity.certificate_file.c_str(), "w"), fclose);
  EXPECT_EQ(PEM_write_X509(certificate_file.get(), certificate.get()), 1);
  const File key_file(fopen(identity.key_file.c_str(), "w"), fclose);
  const auto* bytes = reinterpret_cast<const unsigned char*>(password.data());
  EXPECT_EQ(PEM_write_PrivateKey(key_file.get(), key.get(),
                                 password.empty() ? nullptr : EVP_aes_256_cbc(),
                                 password.empty() ? nullptr : bytes,
                                 static_cast<int>(password.size()), nullptr, nullptr),
            1);
  return identity;
}

// Answers each connection's request with the name in the client's certificate.
class TlsServer {
 public:
  // `client`: the one client that may ask; null: everybody may.
  TlsServer(const Identity& own, const Identity* client)
      : context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to clients that have left
    SSL_CTX_use_certificate_file(context_.get(), own.certificate_file.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context_.get(), own.key_file.c_str(), SSL_FILETYPE_PEM);
    if (client != nullptr) {
      SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                         nullptr);
      SSL_CTX_load_verify_file(context_.get(), client->certificate_file.c_str());
    }
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsServer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);  // ends accept()
    thread_.join();
    ::close(listener_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string url(const std::string& host = "127.0.0.1") const {
    return fmt::format("https://{}:{}/", host, port_);
  }

 private:
  void serve() {
    while (!stopping_) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) continue;
      const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context_.get()), SSL_free);
      SSL_set_fd(tls.get(), connection);
      if (SSL_accept(tls.get()) == 1) answer(tls.get());
      ::close(connection);
    }
  }

  static void answer(SSL* tls) {
    std::string request;
    char block[4096];
    while (request.find("\r\n\r\n") == std::string::npos) {
      const int got = SSL_read(tls, block, sizeof block);
      if (got <= 0) return;
      request.append(block, static_cast<size_t>(got));
    }
    char name[100] = "nobody";
    if (X509* peer = SSL_get1_peer_certificate(tls)) {
      X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, name, sizeof name);
      X509_free(peer);
    }
    const std::string body(name);
    const std::string response =
        fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
    SSL_write(tls, response.data(), static_cast<int>(response.size()));
    SSL_shutdown(tls);
  }

  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

class TlsTest : public testing::Test {
 protected:
  static Result<std::string> get(const std::string& url, TlsOptions tls) {
    // A busy machine takes its time for a handshake; it is not what is asked here.
    const auto client =
        make_curl_client({.idle_timeout = std::chrono::minutes(4), .tls = std::move(tls)});
    LEAT_ASSIGN(const HttpResponse response, client->send({.url = url}, {}));
    return std::string(response.body);
  }

  TemporaryDirectory directory_;
  Identity own_ = make_identity(directory_.path(), "server");
};

TEST_F(TlsTest, BelievesTheAuthoritiesOfTheFileOnly) {
  const TlsServer server(own_, nullptr);
  EXPECT_EQ(get(server.url(), {.ca_file = own_.certificate_file}).value(), "nobody");
  const auto unknown = get(server.url(), {});
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().retry(), Retry::kNo) << unknown.error().to_string();
  EXPECT_EQ(unknown.error().domain(), ErrorDomain::kExternal);
}

TEST_F(TlsTest, AServerByAnotherNameIsRefused) {
  const TlsServer server(own_, nullptr);
  const auto named = get(server.url("localhost"), {.ca_file = own_.certificate_file});
  ASSERT_FALSE(named.ok());
  EXPECT_EQ(named.error().retry(), Retry::kNo) << named.error().to_string();
}

TEST_F(TlsTest, SaysWhoAsks) {
  const Identity client = make_identity(directory_.path(), "client");
  const Identity other = make_identity(directory_.path(), "other");
  const TlsServer server(own_, &client);
  TlsOptions tls{.ca_file = own_.certificate_file};
  EXPECT_FALSE(get(server.url(), tls).ok());
  tls.certificate_file = client.certificate_file;
  tls.key_file = client.key_file;
  const auto known = get(server.url(), tls);
  ASSERT_TRUE(known.ok()) << known.error().to_string();
  EXPECT_EQ(*known, "client");
  tls.certificate_file = other.certificate_file;
  tls.key_file = other.key_file;
  EXPECT_FALSE(get(server.url(), tls).ok());
}

TEST_F(TlsTest, AKeyMayHaveAPassword) {
  const Identity client = make_identity(directory_.path(), "client", "s3cret");
  const TlsServer server(own_, &client);
  TlsOptions tls{.ca_file = own_.certificate_file,
                 .certificate_file = client.certificate_file,
                 .key_file = client.key_file,
                 .key_password = "s3cret"};
  const auto known = get(server.url(), tls);
  ASSERT_TRUE(known.ok()) << known.error().to_string();
  EXPECT_EQ(*known, "client");
  for (const char* wrong : {"wrong", ""}) {
    tls.key_password = wrong;
    const auto refused = get(server.url(), tls);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().domain(), ErrorDomain::kUser) << refused.error().to_string();
  }
}

TEST_F(TlsTest, ACertificateThatIsNotThereIsTheUsersMistake) {
  const TlsServer server(own_, nullptr);
  const auto missing = get(server.url(), {.ca_file = own_.certificate_file,
                                          .certificate_file = "/nonexistent/client.pem"});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().domain(), ErrorDomain::kUser) << missing.error().to_string();
  EXPECT_NE(missing.error().message().find("/nonexistent/client.pem"), std::string::npos)
      << missing.error().message();
}

}  // namespace
}  // namespace leat::net
