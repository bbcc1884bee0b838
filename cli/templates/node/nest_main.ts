// A service that lets only signed requests in. Who may call, and with which key, says wiresign.json.
import "reflect-metadata";

import { Body, Controller, Get, HttpCode, Module, Post, Query, UseGuards } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { Config } from "wiresign";
import { ServiceAuthGuard, ServiceIdentity, WiresignModule } from "wiresign/nest";

const config = Config.fromFile(new URL("../wiresign.json", import.meta.url));

@Controller()
class HealthController {
  // A public route of wiresign.json, and of no guard.
  @Get("health")
  health() {
    return { status: "ok" };
  }
}

@Controller()
@UseGuards(ServiceAuthGuard)
class GreetingController {
  @Get("hello")
  hello(@ServiceIdentity() caller: string, @Query("name") name = "world") {
    return { hello: name, caller };
  }

  @Post("echo")
  @HttpCode(200)
  echo(@Body() body: unknown, @ServiceIdentity() caller: string) {
    return { received: body, caller };
  }
}

@Module({
  imports: [WiresignModule.forRoot({ config })],
  controllers: [HealthController, GreetingController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ["error", "warn"] });
const port = Number(process.env.PORT ?? @port@);
await app.listen(port, "127.0.0.1");
console.log(`${config.service} listens on http://127.0.0.1:${port}`);
