// A reader in Java, as strict as Java's defaults are: the certificate must be of X.509 v3 and name the host in its SAN.
//
//   java StrictReader.java CERTIFICATE HOST PORT VERSION REQUEST
//
// Trusts CERTIFICATE alone, asks 127.0.0.1 under the name HOST, and prints the answer. Exit status 3: it refused the
// certificate.
import java.io.FileInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

public class StrictReader {
  public static void main(String[] words) throws Exception {
    X509Certificate certificate;
    try (InputStream in = new FileInputStream(words[0])) {
      certificate = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
    if (certificate.getVersion() != 3 || certificate.getSubjectAlternativeNames() == null)
      throw new IllegalArgumentException("no v3, or no SAN");
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    trusted.setCertificateEntry("nuncio", certificate);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);

    Socket plain = new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), Integer.parseInt(words[2]));
    plain.setSoTimeout(10_000);
    try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, words[1], plain.getPort(), true)) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS"); // the name is compared with the SAN
      parameters.setProtocols(new String[] {words[3]});
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      socket.getOutputStream().write((words[4] + "\r\n").getBytes(StandardCharsets.UTF_8));
      System.out.write(socket.getInputStream().readAllBytes()); // throws where close_notify is missing
      System.out.flush();
    } catch (SSLHandshakeException refused) {
      System.err.println(refused.getMessage());
      System.exit(3);
    }
  }
}
